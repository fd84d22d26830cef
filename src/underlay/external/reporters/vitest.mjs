// Starts Vitest as its command line would, with our runner and our reporter; seen to work with
// Vitest 3, 4 and 5: https://vitest.dev/api/advanced/vitest
//
// vitest.mjs [OPTIONS] FILES...
import {createRequire} from 'node:module';
import fs from 'node:fs';
import path from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';

const require = createRequire(import.meta.url);
const {stepwise, emit, givenSelection, finish, failure} = require('./protocol.cjs');

const theirs = new URL('dist/node.js', pathToFileURL(fs.realpathSync(process.env.UNDERLAY_TOOL)));
const {parseCLI, startVitest} = await import(theirs);

const ours = {
  runner: fileURLToPath(new URL('./vitest-runner.mjs', import.meta.url)),
  includeTaskLocation: !givenSelection(), // it is slow, and the plan has told it
};

const reporter = {
  // Projects heed few of the options that Vitest is started with.
  onInit({projects}) {
    for (const {config, vite} of projects) {
      Object.assign(config, ours);
      vite.config.server.fs.allow.push(path.dirname(ours.runner)); // for jsdom, Vite reads our runner
    }
  },

  onTestRunEnd(modules, errors) {
    for (const module of modules) {
      for (const error of module.errors()) tell(module.moduleId, error);
    }
    for (const error of errors) tell('', error);
    this.isBad = errors.length > 0 || modules.some(module => !module.ok());
  },
};

function tell(where, error) {
  emit('problem', {where, ...failure(error)});
}

// A path as a glob pattern that matches nothing else.
const literal = file => file.replace(/[\\()[\]{}!*?@+|]/g, '\\$&');

const {filter, options} = parseCLI(['vitest', 'run', ...process.argv.slice(2)]);
const root = path.resolve(options.root ?? '.');
const vitest = await startVitest('test', filter, {
  ...options,
  ...(filter.length ? {include: filter.map(file => literal(path.relative(root, file)))} : {}),
  ...(stepwise ? {fileParallelism: false} : {}),
  root,
  watch: false,
  allowOnly: false,
  bail: 0,
  disableConsoleIntercept: true,
  ...ours,
  reporters: [reporter],
});
const status = reporter.isBad ? 1 : 0;
finish(status);
process.exitCode ||= status;
await vitest?.exit();
