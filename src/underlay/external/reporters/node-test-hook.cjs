// Stands in front of node:test: it knows each test by its id when it is declared, and hands those to
// Node that are to run.
'use strict';

const {AsyncLocalStorage} = require('async_hooks');
const Module = require('module');
const real = require('node:test');
const {setImmediate: turn} = require('timers/promises');
const {
  stepwise, emit, listen, givenSelection, pause, declaration, Plan,
} = require('./protocol.cjs');

const due = givenSelection();

// Where a declaration stands: the titles of its groups, or null inside of a test that runs.
const groups = new AsyncLocalStorage();

const titles = () => (groups.getStore() === undefined ? [] : groups.getStore());

let file = process.argv[1];
let plan = new Plan();
let pending = [];

// The ids of tests that were handed to Node and are not told of yet, by their full names.
const handed = new Map();

const fullName = path => path.join(' > ');

function parse(args) {
  const fn = args.find(each => typeof each === 'function');
  const options = args.find(each => typeof each === 'object' && each !== null) ?? {};
  return {name: typeof args[0] === 'string' ? args[0] : fn?.name || '<anonymous>', options, fn};
}

// The same arguments with another function; Node looks at the number of its parameters.
function withFunction(args, fn, wrapped) {
  if (fn) Object.defineProperty(wrapped, 'length', {value: fn.length});
  return args.map(each => (each === fn ? wrapped : each));
}

function standsForTest(theirs) {
  return function (...args) {
    const {name, fn} = parse(args);
    if (titles() === null) return theirs(...args);
    const path = [...titles(), name];
    const id = plan.add(file, path, declaration(/^node:/)[1]);
    if (!due?.has(id)) return Promise.resolve();
    const key = fullName(path);
    handed.set(key, [...(handed.get(key) ?? []), id]);
    return theirs(...withFunction(args, fn, function (...each) {
      return groups.run(null, () => fn.apply(this, each));
    }));
  };
}

function standsForSuite(theirs, skips) {
  return function (...args) {
    const {name, options, fn} = parse(args);
    if (titles() === null) return theirs(...args);
    const path = [...titles(), name];
    if (due ? !leads(path) : skips || options.skip) return Promise.resolve();
    const declare = function (...each) {
      return groups.run(path, () => fn?.apply(this, each));
    };
    if (!due) return void pending.push(declare.call({name}, {name}));
    return theirs(...withFunction(args, fn, stepwise ? withPauses(declare) : declare));
  };
}

const prefixes = new Set();
for (const id of due ?? []) {
  const [, ...path] = JSON.parse(id.replace(/#\d+$/, ''));
  while (path.pop() !== undefined) prefixes.add(JSON.stringify(path));
}

// Whether a test that is to run is in this group.
function leads(path) {
  return prefixes.has(JSON.stringify(path));
}

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

function withPauses(declare) {
  return function (...args) {
    real.before(pauseOnce);
    real.after(pauseOnce);
    return declare.apply(this, args);
  };
}

// Before all other hooks; those of a test run for its subtests as well.
if (due) {
  listen();
  real.beforeEach(async ({fullName}) => {
    const [id] = handed.get(fullName) ?? [];
    if (!id) return;
    await reported();
    if (stepwise) await pauseOnce();
    mayPause = true;
    isTold = false;
    emit('start', {id});
  });
  if (stepwise) real.after(pauseOnce);
}

function build() {
  const one = standsForTest(real.test);
  const others = {test: one, it: standsForTest(real.it)};
  for (const name of ['describe', 'suite']) others[name] = standsForSuite(real[name] ?? real.describe, false);
  for (const [name, wrap] of Object.entries({
    test: standsForTest, it: standsForTest, describe: standsForSuite, suite: standsForSuite,
  })) {
    for (const modifier of ['skip', 'todo', 'only']) {
      const theirs = real[name]?.[modifier];
      if (theirs) others[name][modifier] = wrap(theirs, modifier === 'skip');
    }
  }
  if (!due) for (const name of ['before', 'after', 'beforeEach', 'afterEach']) others[name] = () => {};
  const properties = Object.getOwnPropertyDescriptors(real);
  for (const name of ['length', 'name', 'prototype', ...Object.keys(others), 'skip', 'todo', 'only']) delete properties[name];
  Object.defineProperties(one, properties);
  return Object.assign(one, others);
}

const fake = build();

// For require() ...
const load = Module._load;
Module._load = function (name, ...rest) {
  return name === 'node:test' ? fake : load.call(this, name, ...rest);
};

// ... and for import.
const KEY = 'underlay:node:test';
globalThis[Symbol.for(KEY)] = fake;
const url = text => `data:text/javascript,${encodeURIComponent(text)}`;
const names = Object.keys(fake).filter(name => /^\w+$/.test(name));
const SOURCE = url(
  `const t = globalThis[Symbol.for(${JSON.stringify(KEY)})]; export default t; export const {${names}} = t;`,
);
Module.register(url(`export const resolve = (name, context, next) =>
  name === 'node:test' ? {url: ${JSON.stringify(SOURCE)}, shortCircuit: true} : next(name, context);`));

module.exports = {
  // Loads a file for its specs.
  async load(path, read) {
    file = path;
    plan = new Plan();
    pending = [];
    await read();
    for (const each of pending) await each;
    return plan;
  },

  // The id of a test that Node tells of, unless it is a subtest.
  take(path) {
    const ids = handed.get(fullName(path));
    return ids?.shift();
  },

  told() {
    isTold = true;
  },
};
