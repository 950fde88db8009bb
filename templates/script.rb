#!/usr/bin/env ruby
# frozen_string_literal: true
#
# strack: description @DESCRIPTION@
#
# Created @DATE@ by @AUTHOR@.
#
# A colon after "strack" makes the next line this script's own time limit:
# strack timeout 10m
#
# Prerequisites:
#   - none
#
# Rollback plan:
#   - none
#
# git strack runs this once in each environment, from the top of the
# repository.  Standard input is /dev/null and there is no terminal, so it can
# ask nothing.  Exit 0 is done, anything else failed (an exception that nobody
# rescues, too); strack-script(7).

# Output is shown as it comes, not when a buffer is full.
$stdout.sync = true

# Tells git strack one line; run by hand, it goes nowhere.
def event(*words)
  path = ENV.fetch('STRACK_EVENTS', File::NULL)
  File.write(path, "#{words.join(' ').tr("\r\n", ' ')}\n", mode: 'a')
end

# level: debug, info, warn or error
def log(level, *words)
  event('log', level, *words)
end

# It is not needed here: end, and say why.
def skip(*reason)
  event('skip', *reason)
  exit 0
end

def main
  # Examples:
  #   log :warn, 3, 'users had no e-mail'
  #   skip 'No data/users.csv here' unless File.exist?('data/users.csv')

  puts 'Nothing to do yet: the work goes here.'
end

main
