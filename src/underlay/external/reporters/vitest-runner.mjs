// Our side of each test file of a Vitest run, as its runner: https://vitest.dev/api/advanced/runner
import {createRequire} from 'node:module';
import fs from 'node:fs';
import {pathToFileURL} from 'node:url';

const require = createRequire(import.meta.url);
const {stepwise, emit, listen, givenSelection, pause, failure, tellFlaky, Plan} = require('./protocol.cjs');

const due = givenSelection();

// Vitest may keep nothing of a failure that it made up for.
const NO_REASON = {message: 'Vitest does not say why.'};

listen();

export default class extends (await theirRunner()) {
  #ids = new Map();

  // All tests of these files are declared, nothing runs yet.
  async onCollected(files) {
    await super.onCollected?.(files);
    const plan = new Plan();
    for (const file of files) this.#learn(file, file.filepath, projectOf(file), plan);
    emit('plan', {specs: plan.specs});
    for (const file of files) leaveOut(file, task => !due?.has(this.#ids.get(task)));
    for (const [task] of this.#ids) {
      if (task.mode !== 'run' && task.mode !== 'queued') this.#tell(task, 'skipped', task.mode);
      else if (task.result?.state === 'fail') this.#tellResult(task);
    }
    if (due && stepwise) await pause();
  }

  #learn(suite, file, titles, plan) {
    for (const task of suite.tasks) {
      const path = [...titles, task.name];
      if (task.type === 'suite') this.#learn(task, file, path, plan);
      else this.#ids.set(task, plan.add(file, path, task.location?.line));
    }
  }

  async onBeforeRunTask(task) {
    const id = this.#ids.get(task);
    if (due?.has(id)) emit('start', {id});
    await super.onBeforeRunTask?.(task);
  }

  async onAfterRunTask(task) {
    await super.onAfterRunTask?.(task);
    if (this.#tellResult(task) && stepwise) await pause();
  }

  // Some tests end without a call of the method above: those that skip themselves, and those which a
  // broken hook kept from running.
  async onAfterRunSuite(suite) {
    await super.onAfterRunSuite?.(suite);
    const errors = suite.result?.errors ?? [];
    const affected = [...tests(suite)].filter(task => this.#tellUnfinished(task, errors));
    if (errors.length && !affected.length && suite.filepath === undefined && due) {
      for (const error of errors) emit('problem', {where: suite.name, ...failure(error)});
    }
  }

  #tellUnfinished(task, errors) {
    const {note, pending} = task.result ?? {};
    if (note !== undefined || pending) return this.#tell(task, 'skipped', note ?? 'skip');
    return errors.length > 0 && this.#tell(task, 'error', '', errors.map(notRun));
  }

  #tellResult(task) {
    const {state, errors = [], retryCount} = task.result ?? {};
    if (state === 'pass') {
      if (retryCount && due?.has(this.#ids.get(task))) tellFlaky(task.name, errors[0] ?? NO_REASON);
      return this.#tell(task, 'passed', '');
    }
    if (state === 'fail') return this.#tell(task, verdict(errors), '', errors.map(told));
    return this.#tell(task, 'skipped', task.result?.note ?? 'skip');
  }

  #tell(task, status, message, failures = []) {
    const id = this.#ids.get(task);
    if (!due?.delete(id)) return false;
    emit('done', {id, status, message, failures});
    return true;
  }
}

async function theirRunner() {
  const tool = pathToFileURL(fs.realpathSync(process.env.UNDERLAY_TOOL));
  const load = name => import(new URL(`dist/${name}.js`, tool).href);
  const {TestRunner} = await load('index'); // from 4.1 on
  return TestRunner ?? (await load('runners')).VitestTestRunner;
}

// Several projects may run the same file.
const projectOf = ({projectName}) => (projectName ? [projectName] : []);

function* tests(suite) {
  for (const task of suite.tasks) {
    if (task.type === 'suite') yield* tests(task);
    else yield task;
  }
}

// Hooks of a group run unless the group itself is skipped.
function leaveOut(suite, isLeftOut) {
  for (const task of suite.tasks) {
    if (task.type === 'suite') leaveOut(task, isLeftOut);
    else if (isLeftOut(task)) task.mode = 'skip';
  }
  if (suite.tasks.every(({mode}) => mode === 'skip' || mode === 'todo')) suite.mode = 'skip';
}

// Vitest's own comparison is part of an error as text.
function told(error) {
  const {message, stack} = failure({...error, expected: undefined, actual: undefined});
  const diff = error.generatedMessage ? '' : error.diff;
  return {message: diff ? `${message}\n${diff}` : message, stack};
}

function verdict(errors) {
  return errors.every(({name}) => name === 'AssertionError') ? 'failed' : 'error';
}

function notRun(error) {
  const each = told(error);
  return {...each, message: `Not run, because of a hook: ${each.message}`};
}
