// Tells what Node's own test runner tells: https://nodejs.org/api/test.html#class-testsstream
import {createRequire} from 'node:module';
import {isMainThread} from 'node:worker_threads';

const require = createRequire(import.meta.url);
const {emit, expectExit, failure, verdict} = require('./protocol.cjs');
const {take, told} = require('./node-test-hook.cjs');

const path = [];

const LATE = /generated asynchronous activity after the test ended|Test hook .* generated/;

const TELLERS = {
  'test:start': ({name, nesting}) => {
    path.splice(nesting, path.length, name);
  },
  'test:pass': done,
  'test:fail': data => (data.details.type === 'suite' ? suiteFailed(data) : done(data)),
  'test:diagnostic': ({message}) => {
    if (LATE.test(message)) emit('problem', {where: '', message, stack: ''});
  },
};

// A subtest has no case of its own; the test that it belongs to fails by what it tells.
let inner = [];

function done({name, nesting, details, skip, todo}) {
  const titles = [...path.slice(0, nesting), name];
  const id = details.type === 'suite' ? undefined : take(titles);
  const reason = marked('todo', todo) ?? marked('skip', skip);
  const error = reason === undefined && details.error ? details.error.cause ?? details.error : undefined;
  if (!id) {
    if (error && details.error.failureType !== 'subtestsFailed') inner.push({titles, error});
    return;
  }
  const failures = inner.length ? inner.map(ofSubtest) : error ? [failure(asError(error))] : [];
  const status = error ? verdict(inner.length ? inner.map(({error}) => error) : [error]) : reason === undefined ? 'passed' : 'skipped';
  emit('done', {id, status, message: reason ?? '', failures: error ? failures : []});
  inner = [];
  told();
}

const ofSubtest = ({titles, error}) => {
  const each = failure(asError(error));
  return {...each, message: `${titles.join(' > ')}: ${each.message}`};
};

// What Node itself has to say is text.
const asError = error => (typeof error === 'string' ? {message: error} : error);

const marked = (word, value) => (value === undefined || value === false ? undefined : value === true ? word : value);

// A suite fails for the sake of its tests, or because of a hook.
function suiteFailed({name, details: {error}}) {
  if (error.failureType !== 'subtestsFailed') emit('problem', {where: name, ...failure(error.cause ?? error)});
}

export default async function* (events) {
  for await (const {type, data} of events) TELLERS[type]?.(data);
  if (isMainThread) expectExit(1); // worker threads have a reporter, too
}
