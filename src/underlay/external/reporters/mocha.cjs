// Our side of a Mocha run, seen to work with Mocha 11 and 12:
// https://mochajs.org/api/tutorial-custom-reporter.html
'use strict';

const {
  stepwise, emit, listen, awaitSelection, givenSelection, sleep, expectExit, declaration, failure,
  tellFlaky, verdict, Plan,
} = require('./protocol.cjs');

const FOCUSED = 'left out, because other specs are focused (.only)';

// What Mocha calls hooks that belong to a group rather than to a spec.
const ALL = /^"(before|after) all"/;

// The lines of specs, which Mocha does not tell.  This module is loaded before it hands out its globals.
const lines = new WeakMap();

function apply(theirs, self, args) {
  const test = Reflect.apply(theirs, self, args);
  const [file, line] = declaration(/\/node_modules\/mocha/);
  if (file && file === test?.file) lines.set(test, line);
  return test;
}

function noteDeclarations(name) {
  let value;
  Object.defineProperty(globalThis, name, {
    configurable: true,
    get: () => value,
    set: theirs => { value = typeof theirs === 'function' ? new Proxy(theirs, {apply}) : theirs; },
  });
}

if (!givenSelection()) ['it', 'specify', 'test'].forEach(noteDeclarations);

module.exports = class {
  #ids = new Map();
  #due = new Set();
  #open = null; // the spec that runs, or that has run and may still fail by its hooks
  #broken = []; // the groups of which a hook has failed, and how
  #rejected = new WeakSet();

  // All files are loaded, nothing runs yet.
  constructor(runner, options) {
    listen();
    this.#learn(runner.suite, options);
    this.#focus(runner.suite);
    this.#drop(runner.suite);
    runner.total = runner.suite.total();
    runner.on('start', () => {
      runner.fullStackTrace = true; // else paths are cut
    });
    runner.on('suite', () => this.#close());
    runner.on('suite end', () => this.#close());
    runner.on('hook', hook => ALL.test(hook.title) && this.#close());
    runner.on('test', test => this.#start(this.#id(test)));
    runner.on('pending', test => this.#pending(this.#id(test)));
    runner.on('retry', (test, error) => { this.#open.retried ??= {title: test.fullTitle(), error}; });
    runner.on('fail', (runnable, error) => this.#fail(runnable, error));
    runner.on('end', () => this.#end(runner.failures, options));
    process.on('unhandledRejection', (reason, promise) => this.#reject(reason, promise));
    if (stepwise) sleep();
  }

  #learn(root, {grep, invert}) {
    const plan = new Plan();
    root.eachTest(test => {
      if (grep && grep.test(test.fullTitle()) === Boolean(invert)) return;
      this.#ids.set(test, plan.add(test.file ?? '', test.titlePath(), lines.get(test)));
    });
    emit('plan', {specs: plan.specs});
    if (plan.specs.length) this.#due = awaitSelection();
  }

  // Specs that are left out because of focused ones are told of at once, and so is that.
  #focus(root) {
    if (!root.hasOnly()) return;
    root.filterOnly();
    const left = new Set();
    root.eachTest(test => left.add(test));
    for (const [test, id] of this.#ids) {
      if (!left.has(test)) this.#tell({id, skipped: FOCUSED, errors: []});
    }
    emit('problem', {where: '', message: 'Specs are focused (.only).', stack: ''});
  }

  #drop(suite) {
    for (const list of ['tests', '_onlyTests']) {
      suite[list] = suite[list].filter(test => this.#due.has(this.#ids.get(test)));
    }
    for (const child of suite.suites) this.#drop(child);
  }

  // A spec that is tried again is a clone of the first try.
  #id(test) {
    return this.#ids.get(test) ?? this.#ids.get(test.retriedTest());
  }

  #start(id) {
    if (this.#open?.id === id) return;
    this.#close();
    this.#open = {id, errors: []};
    emit('start', {id});
  }

  // Without a body, or by this.skip().
  #pending(id) {
    this.#start(id);
    this.#open.skipped = 'pending';
  }

  #fail(runnable, error) {
    const {type, title, parent} = runnable;
    if (type === 'hook') this.#broken.push({suite: parent, title, error});
    if (this.#open && !ALL.test(title)) this.#open.errors.push(error);
    else if (type !== 'hook' || /^"after all"/.test(title)) {
      emit('problem', {where: parent?.fullTitle() ?? '', ...failure(error)});
    }
  }

  // Mocha loses those which do not come out of itself, and hands them on a second time.
  #reject(reason, promise) {
    if (this.#rejected.has(promise)) return;
    this.#rejected.add(promise);
    if (this.#open) this.#open.errors.push(reason);
    else emit('problem', {where: '', ...failure(reason)});
  }

  #close() {
    if (!this.#open) return;
    this.#tell(this.#open);
    this.#open = null;
    if (stepwise) sleep();
  }

  #tell({id, errors, skipped = '', retried}) {
    if (!this.#due.delete(id)) return;
    const status = errors.length ? verdict(errors) : skipped ? 'skipped' : 'passed';
    if (retried && status === 'passed') tellFlaky(retried.title, retried.error);
    emit('done', {id, status, message: skipped, failures: errors.map(failure)});
  }

  // Specs that were not run because of a hook err by its error.  If others were not run, there was an
  // error for which Mocha gives up: that is no end.
  #end(failures, {posixExitCodes, passOnFailingTestSuite}) {
    this.#close();
    for (const [test, id] of this.#ids) {
      const hook = this.#broken.find(({suite}) => isIn(suite, test));
      if (hook && this.#due.delete(id)) {
        const told = failure(hook.error);
        told.message = `Not run, because of the ${hook.title}: ${told.message}`;
        emit('done', {id, status: 'error', message: '', failures: [told]});
      }
    }
    const status = passOnFailingTestSuite ? 0 : Math.min(failures, posixExitCodes ? 1 : 255);
    if (!this.#due.size) emit('end', {status});
    expectExit(status);
  }
};

function isIn(suite, test) {
  let parent = test.parent;
  while (parent && parent !== suite) parent = parent.parent;
  return parent === suite;
}
