// Our side of a QUnit run, seen to work with QUnit 3: https://qunitjs.com/api/callbacks/QUnit.on/
'use strict';

const {
  stepwise, emit, listen, givenSelection, sleep, pause, finish, declaration, failure, Plan,
} = require('./protocol.cjs');

const FOCUSED = 'left out, because other specs are focused (.only)';

const due = givenSelection();
const plan = new Plan();
const ids = new Map();
let focuses = false;
let report;

exports.init = QUnit => {
  listen();
  noteFocus(QUnit);
  QUnit.config.testFilter = info => isDue(info, QUnit.config.currentModule);
  QUnit.begin(begin);
  QUnit.testStart(({testId}) => emit('start', {id: ids.get(testId)}));
  QUnit.on('testEnd', each => {
    report = {...each, failures: each.errors.map(told)}; // QUnit empties them afterwards
  });
  QUnit.testDone(done);
  QUnit.on('error', error => emit('problem', {where: '', ...failure(error)}));
  QUnit.on('runEnd', end);
};

function noteFocus(QUnit) {
  for (const owner of [QUnit, QUnit.test, QUnit.module]) {
    const {only} = owner;
    owner.only = (...args) => {
      focuses = true;
      return only(...args);
    };
  }
}

// QUnit asks this at once when a test is declared, more than once for each.
function isDue({testId, testName}, module) {
  if (!ids.has(testId)) {
    const titles = [testName];
    for (let each = module; each?.name; each = each.parentModule) titles.unshift(each.suiteReport.name);
    const [file, line] = declaration(/\/node_modules\/qunit\//);
    ids.set(testId, plan.add(file, titles, line));
  }
  return !due || due.has(ids.get(testId));
}

function begin() {
  emit('plan', {specs: plan.specs});
  if (!due) {
    emit('end', {status: 0});
    process.exit(0);
  }
  if (stepwise) sleep();
}

function done({testId}) {
  const {status, errors, failures} = report;
  if (status === 'failed') tell(ids.get(testId), verdict(errors), '', failures);
  else tell(ids.get(testId), status === 'passed' ? 'passed' : 'skipped', status, []);
  return stepwise ? pause() : undefined;
}

const THROWN = /^(Died on test #\d+|Promise rejected during ".*"|global failure): /s;

const verdict = errors => (errors.some(({message}) => THROWN.test(message)) ? 'error' : 'failed');

function tell(id, status, message, failures) {
  due.delete(id);
  emit('done', {id, status, message: status === 'skipped' ? message : '', failures});
}

// What an assertion was called is its message; if it died, QUnit adds the place where it was declared.
function told({message, stack, expected, actual}) {
  const text = THROWN.test(message) ? message.replace(THROWN, '').replace(/\n\s+at .*/s, '') : message;
  return failure({message: text || 'failed', stack, expected, actual, name: 'AssertionError'});
}

function end({testCounts}) {
  if (focuses) {
    emit('problem', {where: '', message: 'Specs are focused (.only).', stack: ''});
    for (const id of due) tell(id, 'skipped', FOCUSED, []);
  }
  finish(testCounts.failed ? 1 : 0);
}
