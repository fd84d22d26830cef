// Stands in front of node:test: it knows each test by its id when that is declared, and hands those
// to Node that are to run.
'use strict';

const {AsyncLocalStorage, AsyncResource} = require('async_hooks');
const fs = require('fs');
const Module = require('module');
const real = require('node:test');
const {setImmediate} = require('timers'); // specs may put a fake in place of the global one
const {setImmediate: turn} = require('timers/promises');
const {isMainThread} = require('worker_threads');
const {
  stepwise, emit, listen, givenSelection, pause, expectExit, declaration, Plan,
} = require('./protocol.cjs');

const due = givenSelection();

// Where a declaration stands: in which groups, by their titles, or (null) inside of a test that runs.
const place = new AsyncLocalStorage();

const groups = () => (place.getStore() === undefined ? [] : place.getStore());

// The groups that lead to tests which are to run.
const leading = new Set();
for (const id of due ?? []) {
  const [, ...titles] = JSON.parse(id.replace(/#\d+$/, ''));
  while (titles.pop() !== undefined) leading.add(JSON.stringify(titles));
}

// The ids of tests that were handed to Node and are not told of yet, by what Node calls them.
const handed = new Map();

let file = process.argv[1];
let plan = new Plan();
let declaring = [];

function parse(args) {
  const fn = args.find(each => typeof each === 'function');
  const options = args.find(each => typeof each === 'object' && each !== null) ?? {};
  return {name: typeof args[0] === 'string' ? args[0] : fn?.name || '<anonymous>', options, fn};
}

// The same arguments with another function; Node looks at the number of its parameters.
function exchanged(args, fn, other) {
  if (fn) Object.defineProperty(other, 'length', {value: fn.length});
  return args.map(each => (each === fn ? other : each));
}

function standingForTest(theirs) {
  return (...args) => {
    const {name, fn} = parse(args);
    if (groups() === null) return theirs(...args);
    const titles = [...groups(), name];
    const id = plan.add(file, titles, declaration(/^node:/)[1]);
    if (!due?.has(id)) return Promise.resolve();
    const fullName = titles.join(' > ');
    handed.set(fullName, [...(handed.get(fullName) ?? []), id]);
    return theirs(...exchanged(args, fn, function (...each) {
      return place.run(null, () => fn.apply(this, each));
    }));
  };
}

function standingForSuite(theirs, isSkipped) {
  return (...args) => {
    const {name, options, fn} = parse(args);
    if (groups() === null) return theirs(...args);
    const titles = [...groups(), name];
    if (due && !leading.has(JSON.stringify(titles))) return Promise.resolve();
    const declare = function (...each) {
      if (due && stepwise) addPauses();
      return place.run(titles, () => fn?.apply(this, each));
    };
    if (due) return theirs(...exchanged(args, fn, declare));
    if (!isSkipped && !options.skip) declaring.push(declare({name})); // Node tells nothing of these
    return Promise.resolve();
  };
}

// Whether Node heeds this depends on how it is started; here it runs all tests and they are told of.
function unfocused(one, args) {
  if (due) emit('problem', {where: file, message: 'Specs are focused (.only).', stack: ''});
  return one(...args);
}

const STANDING = {
  test: standingForTest, it: standingForTest, describe: standingForSuite, suite: standingForSuite,
};

// What is imported instead of node:test.
function build() {
  const parts = {};
  for (const [name, stand] of Object.entries(STANDING)) {
    const theirs = real[name] ?? real.describe;
    parts[name] = stand(theirs, false);
    for (const modifier of ['skip', 'todo']) {
      parts[name][modifier] = stand(theirs[modifier], modifier === 'skip');
    }
    parts[name].only = (...args) => unfocused(parts[name], args);
  }
  if (!due) for (const hook of ['before', 'after', 'beforeEach', 'afterEach']) parts[hook] = () => {};
  const others = Object.entries(Object.getOwnPropertyDescriptors(real));
  const left = others.filter(([name]) => !(name in parts) && !(name in parts.test));
  return Object.assign(Object.defineProperties(parts.test, Object.fromEntries(left)), parts);
}

function standIn(fake) {
  const load = Module._load;
  Module._load = function (name, ...rest) {
    return name === 'node:test' ? fake : load.call(this, name, ...rest);
  };
  beforeImports(() => standInForImports(fake));
}

// Hooks for import cost a thread of their own in Node 20, some 30 ms in each process.  To what they are
// for, only a text with one of these words leads.
const LEADING = /\b(import|export)\b/;

function beforeImports(act) {
  if (LEADING.test(fs.readFileSync(file, 'utf8'))) return act();
  const compile = Module.prototype._compile;
  Module.prototype._compile = function (text, ...rest) {
    if (LEADING.test(text)) {
      Module.prototype._compile = compile;
      act();
    }
    return compile.call(this, text, ...rest);
  };
}

function standInForImports(fake) {
  const key = 'underlay:node:test';
  globalThis[Symbol.for(key)] = fake;
  const names = Object.keys(fake).filter(name => /^\w+$/.test(name) && name !== 'default');
  const source = url(`const fake = globalThis[Symbol.for('${key}')];
    export default fake; export const {${names}} = fake;`);
  Module.register(url(`export const resolve = (name, context, next) =>
    name === 'node:test' ? {url: ${JSON.stringify(source)}, shortCircuit: true} : next(name, context);`));
}

const url = text => `data:text/javascript,${encodeURIComponent(text)}`;

let mayPause = true;
let isTold = true;

// Node hands events to its reporter a moment after they happened; with concurrent tests it may hold
// them back for long.
async function reported() {
  for (let turns = 0; turns < 10 && !isTold; turns++) await turn();
}

async function pauseOnce() {
  if (!mayPause) return;
  mayPause = false;
  await reported();
  await pause();
}

function addPauses() {
  real.before(pauseOnce);
  real.after(pauseOnce);
}

// Behind the hooks of the file, which are declared by the time at which its first test has begun; of the
// whole file, wherever this is called.
const afterAll = AsyncResource.bind(() => real.after(() => expectExit(1)));

let isFirst = true;

// Before all other hooks.  Node runs hooks of a test for its subtests as well.
async function started({fullName}) {
  if (isFirst) setImmediate(afterAll);
  isFirst = false;
  const [id] = handed.get(fullName) ?? [];
  if (!id) return;
  await reported();
  if (stepwise) await pauseOnce();
  mayPause = true;
  isTold = false;
  emit('start', {id});
}

// Node loads this in worker threads as well, such as its own one for modules.
if (isMainThread) {
  standIn(build());
  if (due) {
    listen();
    process.on('exit', () => emit('plan', {specs: plan.specs}));
    real.beforeEach(started);
    if (stepwise) addPauses();
  }
}

module.exports = {
  // What a file declares.
  async load(path, read) {
    file = path;
    plan = new Plan();
    declaring = [];
    await read();
    for (const each of declaring) await each;
    return plan;
  },

  // The id of a test that Node tells of, if it is one of those that were handed over.
  take: titles => handed.get(titles.join(' > '))?.shift(),

  told() {
    isTold = true;
  },
};
