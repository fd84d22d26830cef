// Our side of each test file of a Jest run, as its testRunner; seen to work with Jest 30:
// https://jestjs.io/docs/configuration#testrunner-string
'use strict';

const {Console} = require('console');
const {createRequire} = require('module');
const {
  stepwise, emit, listen, givenSelection, pause, failure, tellFlaky, verdict, Plan,
} = require('./protocol.cjs');

const FOCUSED = 'left out, because other specs are focused (.only)';

const RETRIES = Symbol.for('RETRY_TIMES');

// Jest's own runner is a dependency of a dependency of a dependency.
const circus = ['jest-cli/package.json', 'jest-config/package.json', 'jest-circus/runner'].reduce(
  (from, name) => createRequire(from).resolve(name),
  require('fs').realpathSync(process.env.UNDERLAY_TOOL),
);

const due = givenSelection();

listen();

module.exports = (globalConfig, config, environment, runtime, file, ...rest) => {
  const theirs = environment.handleTestEvent?.bind(environment);
  const ours = new Events(file, config.displayName, environment.global);
  environment.handleTestEvent = async (event, state) => {
    await theirs?.(event, state);
    await ours[event.name]?.(event, state);
  };
  environment.global.console = new Console(process.stdout, process.stderr);
  const run = require(circus);
  return (run.default ?? run)(globalConfig, config, environment, runtime, file, ...rest);
};

class Events {
  #ids = new Map();
  #passed = [];
  #retried = new Map(); // why the last try of a spec has failed
  #file;
  #project; // of several, which may run the same file
  #global;

  constructor(file, project, global) {
    this.#file = file;
    this.#project = project ? [project.name] : [];
    this.#global = global;
  }

  run_start(event, {rootDescribeBlock, hasFocusedTests}) {
    const plan = new Plan();
    this.#learn(rootDescribeBlock, this.#project, plan);
    if (due && hasFocusedTests) this.#tellFocus();
    this.#leaveOut(rootDescribeBlock);
    emit('plan', {specs: plan.specs});
    return due && stepwise ? pause() : undefined;
  }

  #learn(block, titles, plan) {
    for (const child of block.children) {
      const path = [...titles, child.name];
      if (child.type === 'describeBlock') this.#learn(child, path, plan);
      else this.#ids.set(child, plan.add(this.#file, path, this.#line(child)));
    }
  }

  #line({asyncError}) {
    const at = String(asyncError?.stack).split('\n').find(line => line.includes(this.#file));
    return at && Number(/:(\d+):\d+\)?$/.exec(at)?.[1]);
  }

  #tellFocus() {
    emit('problem', {where: this.#file, message: 'Specs are focused (.only).', stack: ''});
    for (const [test, id] of this.#ids) {
      if (test.mode === undefined) this.#tell(id, 'skipped', FOCUSED, []);
    }
  }

  // Hooks of a group run unless the group itself is skipped.
  #leaveOut(block) {
    for (const child of block.children) {
      if (child.type === 'describeBlock') this.#leaveOut(child);
      else if (!due?.has(this.#ids.get(child))) child.mode = 'skip';
    }
    if (block.children.every(({mode}) => mode === 'skip')) block.mode = 'skip';
  }

  test_start({test}) {
    const id = this.#ids.get(test);
    if (due?.has(id)) emit('start', {id});
  }

  test_skip({test}) {
    return this.#done(test, 'skipped', 'skip');
  }

  test_todo({test}) {
    return this.#done(test, 'skipped', 'todo');
  }

  test_done({test}) {
    const retries = Number(this.#global[RETRIES]) || 0;
    const errors = test.errors.map(asError);
    if (!errors.length) {
      this.#passed.push(test);
      if (this.#retried.has(test)) tellFlaky(test.name, this.#retried.get(test));
      return this.#done(test, 'passed', '');
    }
    if (test.invocations <= retries) {
      this.#retried.set(test, errors[0]);
      return undefined;
    }
    return this.#done(test, verdict(errors), '', errors);
  }

  // Errors that come when a test is over are still its own for Jest.
  run_finish() {
    for (const test of this.#passed) {
      for (const each of test.errors) emit('problem', {where: test.name, ...failure(asError(each))});
    }
  }

  #done(test, status, message, errors = []) {
    const id = this.#ids.get(test);
    if (!due?.has(id)) return undefined;
    this.#tell(id, status, message, errors.map(failure));
    return stepwise ? pause() : undefined;
  }

  #tell(id, status, message, failures) {
    if (due.delete(id)) emit('done', {id, status, message, failures});
  }
}

// Jest keeps an error with another one that knows the place, and has made a text of those of assert.
function asError(each) {
  const error = Array.isArray(each) ? each[0] ?? each[1] : each;
  if (error?.stack !== undefined || error?.message === undefined) return error;
  const [message] = error.message.trimEnd().split(/\n+\s+at /, 1);
  return {name: 'AssertionError', message, stack: error.message.slice(message.length)};
}
