#!/usr/bin/env node
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
// ask nothing.  Exit 0 is done, anything else failed (an error that nobody
// catches, too); strack-script(7).

'use strict';

// Tells git strack one line; run by hand, it goes nowhere.  (A dynamic import
// works in CommonJS and in modules, whatever package.json says.)
async function event(...words) {
  const { appendFileSync } = await import('node:fs');
  const line = words.join(' ').replace(/[\r\n]+/g, ' ');
  appendFileSync(process.env.STRACK_EVENTS || '/dev/null', line + '\n');
}

// level: debug, info, warn or error
async function log(level, ...words) {
  await event('log', level, ...words);
}

// It is not needed here: end, and say why.
async function skip(...reason) {
  await event('skip', ...reason);
  process.exit(0);
}

async function main() {
  // Examples:
  //   await log('warn', 3, 'users had no e-mail');
  //   const { existsSync } = await import('node:fs');
  //   if (!existsSync('data/users.csv')) await skip('No data/users.csv here');

  console.log('Nothing to do yet: the work goes here.');
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
