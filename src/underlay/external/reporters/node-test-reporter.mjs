// Tells what Node's own test runner tells: https://nodejs.org/api/test.html#class-testsstream
import {createRequire} from 'node:module';

const require = createRequire(import.meta.url);
const {emit, failure, verdict} = require('./protocol.cjs');
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

// Subtests have no cases of their own; the test that they belong to fails by what they tell.
let inner = [];

function done({name, nesting, details, skip, todo}) {
  const titles = [...path.slice(0, nesting), name];
  const reason = marked('todo', todo) ?? marked('skip', skip);
  const error = reason === undefined && details.error ? details.error.cause ?? details.error : undefined;
  const id = details.type === 'suite' ? undefined : take(titles);
  if (!id) {
    if (error && details.error.failureType !== 'subtestsFailed') inner.push({titles, error});
    return;
  }
  if (reason !== undefined) emit('done', {id, status: 'skipped', message: reason, failures: []});
  else tell(id, error === undefined ? [] : inner.length ? inner : [{titles: [], error}]);
  inner = [];
  told();
}

function tell(id, broken) {
  const failures = broken.map(({titles, error}) => {
    const each = failure(asError(error));
    return titles.length ? {...each, message: `${titles.join(' > ')}: ${each.message}`} : each;
  });
  const status = broken.length ? verdict(broken.map(({error}) => error)) : 'passed';
  emit('done', {id, status, message: '', failures});
}

// What Node itself has to say is text.
const asError = error => (typeof error === 'string' ? {message: error} : error);

// Why a test does not count, if that is so.
function marked(word, value) {
  if (value === undefined || value === false) return undefined;
  return value === true ? word : value;
}

// A suite fails for the sake of its tests, or because of a hook.
function suiteFailed({name, details: {error}}) {
  if (error.failureType === 'subtestsFailed') return;
  emit('problem', {where: name, ...failure(asError(error.cause ?? error))});
}

export default async function* (events) {
  for await (const {type, data} of events) TELLERS[type]?.(data);
}
