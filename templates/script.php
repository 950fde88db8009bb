#!/usr/bin/env php
<?php
//
// strack: description @DESCRIPTION@
//
// Created @DATE@ by @AUTHOR@.
//
// A colon after "strack" makes the next line this script's own time limit:
// strack timeout 10m
//
// Prerequisites:
//   - none
//
// Rollback plan:
//   - none
//
// git strack runs this once in each environment, from the top of the
// repository.  Standard input is /dev/null and there is no terminal, so it can
// ask nothing.  Exit 0 is done, anything else failed (an exception that nobody
// catches, too); strack-script(7).

declare(strict_types=1);

error_reporting(E_ALL);
ini_set('display_errors', 'stderr');

// A warning ends the script, as an exception does; PHP itself would go on.
set_error_handler(
    static function (int $level, string $text, string $file, int $line): bool {
        if (!(error_reporting() & $level)) {
            return false;
        }
        throw new ErrorException($text, 0, $level, $file, $line);
    }
);

// Tells git strack one line; run by hand, it goes nowhere.
function event(string ...$words): void
{
    $line = strtr(implode(' ', $words), "\r\n", '  ');
    $path = getenv('STRACK_EVENTS') ?: '/dev/null';
    file_put_contents($path, $line . "\n", FILE_APPEND);
}

// $level: debug, info, warn or error.  (log() is PHP's logarithm.)
function note(string $level, string ...$words): void
{
    event('log', $level, ...$words);
}

// It is not needed here: end, and say why.
function skip(string ...$reason): void
{
    event('skip', ...$reason);
    exit(0);
}

function main(): void
{
    // Examples:
    //   note('warn', '3 users had no e-mail');
    //   if (!file_exists('data/users.csv')) {
    //       skip('No data/users.csv here');
    //   }

    echo "Nothing to do yet: the work goes here.\n";
}

main();
