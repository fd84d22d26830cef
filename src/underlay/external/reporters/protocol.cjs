// What every reporter of ours shares: it tells what happens in one JSON object per line, in a file
// of its own, because stdout belongs to the specs; and it learns from a named pipe which specs to run,
// and, if it is to run them one by one, when to go on.
'use strict';

// Specs may put fakes in place of what is used while they run: here is the real thing.
const {openSync, readFileSync, writeSync} = require('fs');
const {setTimeout} = require('timers');
const path = require('path');
const url = require('url');
const {inspect} = require('util');
const {setImmediate: turn} = require('timers/promises');

const {UNDERLAY_STEPWISE, UNDERLAY_EVENTS, UNDERLAY_COMMANDS, UNDERLAY_SELECTION} = process.env;

const stepwise = Boolean(UNDERLAY_STEPWISE);

// How long a process may go on after its last spec, in milliseconds: so long may a global tear-down
// take before it counts as something that was left open.
const LINGER = 5000;

// How much is told of what a spec prints, and of a value that it compares, in characters.
const OUTPUT = 64 * 1024;

const events = openSync(UNDERLAY_EVENTS, 'a');

let output = '';

function emit(event, fields) {
  if (event === 'start') output = '';
  if (event === 'done' && fields.failures.length) fields = {...fields, output};
  writeSync(events, JSON.stringify({event, ...fields}) + '\n');
}

// Remembers what is printed in this process since the last spec has started.
function listen() {
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write;
    stream.write = function (chunk, ...rest) {
      if (output.length < OUTPUT) output += String(chunk).slice(0, OUTPUT - output.length);
      return write.call(this, chunk, ...rest);
    };
  }
}

// Sleeps until Python has decided; reading a named pipe to its end costs no time of the processor.
function awaitCommand() {
  return JSON.parse(readFileSync(UNDERLAY_COMMANDS, 'utf8'));
}

function awaitSelection() {
  return givenSelection() ?? new Set(awaitCommand());
}

// The selection, as a process learns it that is started for the specs to run; null for one that is
// started to tell which specs there are.
function givenSelection() {
  if (!UNDERLAY_SELECTION) return null;
  return new Set(JSON.parse(readFileSync(UNDERLAY_SELECTION, 'utf8')));
}

// Sleeps between two specs, until the case of the next one has begun.  Nothing else runs meanwhile.
function sleep() {
  emit('pause');
  awaitCommand();
}

// Sleeps; then the event loop turns, once past its poll phase for sure, so that the next spec does
// not use connections which a server has closed between the cases.
async function pause() {
  sleep();
  await turn();
  await turn();
}

// What was told of each spec so far, by whichever process.
function verdicts() {
  const lines = readFileSync(UNDERLAY_EVENTS, 'utf8').split('\n').filter(Boolean);
  const done = lines.map(line => JSON.parse(line)).filter(({event}) => event === 'done');
  return new Map(done.map(({id, status}) => [id, status]));
}

// The run is over if every spec that was to run was told of.
function finish(status) {
  const told = verdicts();
  if ([...(givenSelection() ?? [])].every(id => told.has(id))) emit('end', {status});
  expectExit(status);
}

// A line of a stack; paths may have parentheses in them, and those of modules are URLs.
const FRAME = /^\s*at (?:.+? \()?(?:async )?((?:file:\/\/)?\/.+?):(\d+):\d+\)?$/;

const pathOf = file => (file.startsWith('file:') ? url.fileURLToPath(file) : file);

// The file and the line which declare a test: the first on the stack outside of all that match.
function declaration(others) {
  for (const line of new Error().stack.split('\n').slice(1)) {
    const [, place = '', number] = FRAME.exec(line) ?? [];
    const file = pathOf(place);
    if (file && path.dirname(file) !== __dirname && !others.test(file)) return [file, Number(number)];
  }
  return ['', undefined];
}

// The file that a spec is in, by its id.
function fileOf(id) {
  return JSON.parse(id.replace(/#\d+$/, ''))[0];
}

// Ends this process as another one has ended.
function endAs({status, signal}) {
  if (signal) process.kill(process.pid, signal);
  process.exitCode = status;
}

// A process that does not end by itself holds something open.
function expectExit(status) {
  setTimeout(() => {
    const open = process.getActiveResourcesInfo().filter(each => each !== 'PipeWrap').join(', ');
    const message = `The process does not end; still open: ${open}`;
    emit('problem', {where: '', message, stack: ''});
    process.exit(status);
  }, LINGER).unref();
}

// What an error says, without what its stack repeats of that.
function failure(error) {
  if (typeof error !== 'object' || error === null) {
    return {message: `${inspect(error)} was thrown`, stack: ''};
  }
  const message = String(error.message || error.name || inspect(error));
  const lines = String(error.stack ?? '').split('\n');
  const stack = lines.filter(line => /^\s+at /.test(line)).join('\n');
  const told = isAssertion(error) || !error.name ? message : `${error.name}: ${message}`;
  return {message: told, stack, ...difference(error)};
}

// Node's assert says by itself how the two differ, unless it was given a message.
function difference({expected, actual, generatedMessage, matcherResult}) {
  if (generatedMessage || matcherResult || expected === undefined || expected === actual) return {};
  return {expected: shown(expected), actual: shown(actual)};
}

function shown(value) {
  const text = typeof value === 'string' ? value : inspect(value, {depth: 10, sorted: true, compact: false});
  return text.slice(0, OUTPUT);
}

// A spec is not green in silence if it has failed before its runner has tried it again.
function tellFlaky(where, error) {
  const {message, ...rest} = failure(error);
  emit('problem', {where, message: `It passed, but only when tried again: ${message}`, ...rest});
}

function isAssertion({name, code, matcherResult}) {
  return /^AssertionError/.test(name) || code === 'ERR_ASSERTION' || matcherResult !== undefined;
}

function verdict(errors) {
  return errors.every(error => isAssertion(error ?? {})) ? 'failed' : 'error';
}

// The entries of a plan.  Titles need not be unique: the second spec of the same name gets #2.
class Plan {
  specs = [];
  #seen = new Map();

  add(file, titles, line) {
    file = pathOf(file);
    const name = JSON.stringify([file, ...titles]);
    const count = (this.#seen.get(name) ?? 0) + 1;
    this.#seen.set(name, count);
    const id = count === 1 ? name : `${name}#${count}`;
    this.specs.push({id, file, titles, line});
    return id;
  }
}

module.exports = {
  stepwise, emit, listen, awaitSelection, givenSelection, sleep, pause, verdicts, finish, expectExit,
  pathOf, declaration, fileOf, endAs, failure, tellFlaky, verdict, Plan,
};
