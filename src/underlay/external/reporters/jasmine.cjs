// Our side of a Jasmine run, seen to work with Jasmine 5, 6 and 7:
// https://jasmine.github.io/api/7.0/Reporter.html
'use strict';

const {
  stepwise, emit, listen, awaitSelection, givenSelection, pause, pathOf, declaration, Plan,
} = require('./protocol.cjs');

const REASONS = {excluded: 'left out, because other specs are focused (fit, fdescribe)'};

const RANDOM = 'A file of the project has switched random order on, but specs on a layer have a fixed one.';

const EXIT_STATUS = {passed: 0, incomplete: 2, failed: 3};

// A thrown assertion error has a matcherName as well ("assert strictEqual"), fail() has a fixed text.
const isAssertion = ({matcherName, message}) => matcherName !== '' || /^Failed(:|$)/.test(message);

module.exports = class {
  #ids = new Map();
  #declared = new Map();
  #selection;
  #due = new Set();
  #seed;

  // Jasmine asks the filter once for each spec, after all files are loaded and before any spec runs.
  constructor() {
    listen();
    const env = jasmine.getEnv();
    if (parseInt(jasmine.version) < 6 || !givenSelection()) this.#noteDeclarations(env);
    const projectFilter = env.configuration().specFilter;
    const specFilter = spec => {
      this.#begin(projectFilter);
      const id = this.#ids.get(spec.id);
      if (this.#selection.has(id)) this.#due.add(id);
      return this.#due.has(id);
    };
    env.configure({specFilter, stopOnSpecFailure: false, ...(stepwise ? {random: false} : {})});
  }

  // Jasmine does not tell the line, and Jasmine 5 not even the file.
  #noteDeclarations(env) {
    env.configure({extraItStackFrames: (env.configuration().extraItStackFrames ?? 0) + 1});
    for (const name of ['it', 'fit', 'xit']) {
      const theirs = globalThis[name];
      globalThis[name] = (...args) => {
        const spec = theirs(...args);
        this.#declared.set(spec.id, declaration(/\/node_modules\/jasmine/));
        return spec;
      };
    }
  }

  #begin(isIncluded) {
    if (this.#selection) return;
    const plan = new Plan();
    const walk = (suite, titles) => {
      for (const child of suite.children) {
        const path = [...titles, child.description];
        if (child.children) walk(child, path);
        else if (isIncluded(child)) this.#ids.set(child.id, this.#add(plan, child, path));
      }
    };
    walk(jasmine.getEnv().topSuite(), []);
    emit('plan', {specs: plan.specs});
    this.#selection = plan.specs.length ? awaitSelection() : new Set();
  }

  #add(plan, {id, filename}, titles) {
    const [file, line] = this.#declared.get(id) ?? ['', undefined];
    const where = pathOf(filename ?? file);
    return plan.add(where, titles, where.endsWith(file) ? line : undefined);
  }

  // The filter is never asked about specs that are left out because of focused ones.
  jasmineStarted({order}) {
    this.#begin(() => true);
    this.#seed = order?.seed;
    if (stepwise && this.#selection.size) return this.#firstPause(order);
  }

  // The focused specs run first, so what is told of the others must not wait for its turn.
  #firstPause({random}) {
    if (random) emit('problem', {where: '', message: RANDOM, stack: ''});
    for (const id of this.#selection) {
      if (!this.#due.has(id)) {
        emit('done', {id, status: 'skipped', message: REASONS.excluded, failures: []});
      }
    }
    return pause();
  }

  specStarted({id}) {
    if (this.#ids.has(id)) emit('start', {id: this.#ids.get(id)});
  }

  specDone({id, status, failedExpectations, pendingReason, notApplicableReason}) {
    if (!this.#ids.has(id)) return;
    emit('done', {
      id: this.#ids.get(id),
      status: verdict(status, failedExpectations),
      message: pendingReason || notApplicableReason || REASONS[status] || '',
      failures: failedExpectations.map(failure),
      seed: this.#seed,
    });
    if (this.#due.delete(this.#ids.get(id)) && stepwise) return pause();
  }

  suiteDone({fullName, failedExpectations}) {
    for (const each of failedExpectations) emit('problem', {where: fullName, ...failure(each)});
  }

  jasmineDone({overallStatus, incompleteReason, failedExpectations}) {
    this.suiteDone({fullName: '', failedExpectations});
    if (incompleteReason) emit('problem', {where: '', message: incompleteReason, stack: ''});
    emit('end', {status: EXIT_STATUS[overallStatus]});
  }
};

// What Jasmine adds to errors of node's assert module repeats what their messages say.
function failure({matcherName, message, stack}) {
  if (!matcherName?.startsWith('assert ')) return {message, stack: stack ?? ''}; // null for a text
  return {
    message: message.replace(/^AssertionError: /, ''),
    stack: stack.replace(/^error properties: .*\n/, ''),
  };
}

function verdict(status, failures) {
  if (status !== 'failed') return status === 'passed' ? 'passed' : 'skipped';
  return failures.every(isAssertion) ? 'failed' : 'error';
}
