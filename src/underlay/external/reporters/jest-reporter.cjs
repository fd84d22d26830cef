// Our side of a Jest run as a whole, as its reporter: https://jestjs.io/docs/configuration#reporters
'use strict';

const {emit, finish, failure} = require('./protocol.cjs');

module.exports = class {
  onTestFileResult({path}, {testExecError, failureMessage}) {
    if (!testExecError) return;
    const told = failure(testExecError);
    const {message} = testExecError.message ? told : {message: failureMessage.trim()};
    emit('problem', {where: path, message, stack: told.stack});
  }

  onRunComplete(contexts, {numFailedTests, numRuntimeErrorTestSuites, snapshot}) {
    finish(numFailedTests || numRuntimeErrorTestSuites || snapshot.failure ? 1 : 0);
  }
};
