// What a script in Node.js says to git strack; strack-script(7) is its manual.
//
//   const strack = require(process.env.STRACK_LIB + '/strack.js');
//
// Tried by hand, outside of a run, all of it works and goes to standard error.
'use strict';

const { spawnSync } = require('child_process');
const fs = require('fs');

const LEVELS = ['debug', 'info', 'warn', 'error'];

// One line, and one write(2), so that lines of several processes don't mix.
function event(...words) {
  // eslint-disable-next-line no-control-regex
  const text = words.join(' ').replace(/[\u0000-\u001f\u007f]/g, ' ');
  const line = text.trimEnd() + '\n';
  const path = process.env.STRACK_EVENTS;

  if (path) {
    fs.appendFileSync(path, line, { flag: fs.constants.O_WRONLY |
      fs.constants.O_APPEND });
  } else {
    fs.writeSync(2, line);
  }
}

// A message; level is debug, info, warn or error.
function log(level, ...words) {
  if (!LEVELS.includes(level)) {
    throw new RangeError(`strack.log: ${level} is no level`);
  }
  event('log', level, ...words);
}

// How far it is, in whole numbers.
function logProgress(current, total, label) {
  event('progress', Math.trunc(current),
    total === undefined || total === null ? '-' : Math.trunc(total),
    label || '');
}

// It is not needed here: ends the script with 0, at once.
function skip(...reason) {
  event('skip', ...reason);
  process.exit(0);
}

// From now on this text becomes *** in all that is stored or shown.
function mask(text) {
  event('mask', text);
}

// After the work that it stands for; the next attempt finds it.
function checkpoint(name, value) {
  if (!/^[^ =]+$/.test(String(name)) || value === undefined ||
      value === null || String(value) === '') {
    throw new TypeError('strack.checkpoint: a name and a value are needed');
  }
  event('checkpoint', name, value);
}

// The last value of that checkpoint in the attempts before, as text.
function resumeFrom(name, otherwise) {
  const path = process.env.STRACK_RESUME;

  if (!path) return otherwise;
  for (const line of fs.readFileSync(path, 'utf8').split('\n')) {
    if (line.startsWith(name + ' ')) return line.slice(name.length + 1);
  }
  return otherwise;
}

// Are more than that many seconds left until the time limit?
function checkTimeout(seconds = 0) {
  const deadline = process.env.STRACK_DEADLINE;

  return !deadline || Date.now() / 1000 + seconds < Number(deadline);
}

// Thrown between two batches; status is 143 after a signal, 75 out of time.
// Uncaught, it ends the script with that status.
class Stopped extends Error {
  constructor(status, why) {
    super(why);
    this.name = 'Stopped';
    this.status = status;
    process.exitCode = status;
  }
}

const wait = (seconds) =>
  new Promise((done) => setTimeout(done, seconds * 1000));

async function mayGoOn(throttle) {
  if (typeof throttle === 'function') return throttle();
  return spawnSync('/bin/sh', ['-c', throttle],
    { stdio: ['ignore', 'inherit', 'inherit'] }).status === 0;
}

class Batches {
  constructor(work, options) {
    this.o = { size: 500, key: String, name: 'batch', sleep: 0, ...options };
    this.work = work;
    this.longest = 0;
    this.done = 0;
    this.batch = [];
    this.stop = false;
  }

  async pause() {
    let paused = false;

    while (!this.stop && this.o.throttle && checkTimeout(this.longest) &&
        !await mayGoOn(this.o.throttle)) {
      if (!paused) log('info', 'paused');
      paused = true;
      await wait(1);
    }
  }

  // Signals are only seen while nothing else runs.
  async look() {
    await new Promise((done) => setImmediate(done));
    if (this.stop) {
      log('warn', 'stopped before the next batch');
      throw new Stopped(143, 'stopped by a signal');
    }
    if (!checkTimeout(this.longest)) {
      log('warn', 'the time that is left is not enough for a batch');
      throw new Stopped(75, 'out of time');
    }
  }

  async one() {
    if (this.done && this.o.sleep) await wait(this.o.sleep);
    await this.pause();
    await this.look();
    const began = Date.now();
    await this.work(this.batch);
    this.longest = Math.max(this.longest, (Date.now() - began) / 1000);
    checkpoint(this.o.name, this.o.key(this.batch[this.batch.length - 1]));
    this.done += this.batch.length;
    this.batch = [];
    logProgress(this.done, this.o.total, this.o.label);
  }

  async run(records, before) {
    let behind = before;

    for await (const record of records) {
      if (behind !== undefined) {
        this.done++;
        if (String(this.o.key(record)) === behind) behind = undefined;
        continue;
      }
      this.batch.push(record);
      if (this.batch.length >= this.o.size) await this.one();
    }
    if (behind !== undefined) {
      throw new Error(`no record has the key '${behind}', behind which to go ` +
        'on; git strack run --retry --from-start begins at the beginning');
    }
    if (this.batch.length) await this.one();
    return this.done;
  }
}

// Calls (and awaits) work(array) with some records at a time, of an array or of
// anything that can be iterated; resolves to how many in all.  After each batch
// there is a checkpoint, options.key(record) of its last record, and the next
// attempt goes on behind it: so the records must come in the same order again,
// or, with options.resumed, begin behind it.  options.throttle is a function
// that says whether to go on, or a shell command that fails as long as not.
// After SIGTERM, SIGINT or SIGHUP, and when the time that is left is less than
// the longest batch took, Stopped is thrown before the next batch.
async function processInBatches(records, work, options = {}) {
  const batches = new Batches(work, options);
  const onSignal = () => { batches.stop = true; };
  const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'];

  signals.forEach((s) => process.on(s, onSignal));
  try {
    return await batches.run(records,
      options.resumed ? undefined : resumeFrom(batches.o.name));
  } finally {
    signals.forEach((s) => process.removeListener(s, onSignal));
  }
}

// Whoever catches nothing gets the status, and not a stack of calls.
process.on('uncaughtException', (e) => {
  if (!(e instanceof Stopped)) {
    fs.writeSync(2, `${e && e.stack ? e.stack : e}\n`);
  }
  process.exit(e instanceof Stopped ? e.status : 1);
});

module.exports = { checkTimeout, checkpoint, log, logProgress, mask,
  processInBatches, resumeFrom, skip, Stopped };
