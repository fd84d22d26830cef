// Our side of a Jasmine run in a browser.  A worker sends what the page tells: it goes on sending while
// a spec keeps the page itself busy, be it for ever.
'use strict';

(() => {
  const {underlay: home, stepwise: isStepwise} = document.body.dataset;
  const stepwise = isStepwise === '1';

  const REASONS = {excluded: 'left out, because other specs are focused (fit, fdescribe)'};

  // One request at a time; what comes meanwhile goes with the next.
  const SENDER = `
    let queue = [], busy = false;
    onmessage = ({data}) => { queue.push(data); if (!busy) send(); };
    async function send() {
      busy = true;
      while (queue.length) {
        const asks = queue.findIndex(({event}) => event === 'plan' || event === 'pause');
        const batch = queue.splice(0, asks < 0 ? queue.length : asks + 1);
        const response = await fetch('${location.origin}${home}/events', {
          method: 'POST', body: batch.map(each => JSON.stringify(each)).join('\\n'),
        });
        const answer = await response.json();
        postMessage({taken: batch.length, answer: asks < 0 ? null : answer});
      }
      busy = false;
    }`;

  const worker = new Worker(URL.createObjectURL(new Blob([SENDER], {type: 'text/javascript'})));

  // What nobody has heard yet.
  const unheard = [];
  let awaited;

  worker.onmessage = ({data: {taken, answer}}) => {
    unheard.splice(0, taken);
    if (answer) awaited(answer);
  };

  function emit(event, fields) {
    unheard.push({event, ...fields});
    worker.postMessage({event, ...fields});
  }

  // For what has an answer: the rest waits for it.
  const ask = (event, fields) => new Promise(resolve => {
    awaited = resolve;
    emit(event, fields);
  });

  // A page that is left, or loaded again, takes its worker with it.  What is heard twice does no harm.
  addEventListener('pagehide', () => {
    const text = unheard.map(each => JSON.stringify(each)).join('\n');
    if (!navigator.sendBeacon(`${home}/left`, text)) navigator.sendBeacon(`${home}/left`);
  });

  // Chromium ends with its last page, faster than anything can be told.
  window.close = () => { throw new Error('The page of the specs can not be closed.'); };

  // A module, or what has no prototype, is no text.
  const asText = value => {
    try {
      return String(value);
    } catch {
      return Object.prototype.toString.call(value);
    }
  };

  let output = '';
  for (const level of ['log', 'info', 'warn', 'error', 'debug']) {
    const theirs = console[level];
    console[level] = (...args) => {
      if (output.length < 65536) output += args.map(asText).join(' ') + '\n';
      theirs.apply(console, args);
    };
  }

  // The file and the line of each spec, in all versions of Jasmine.
  const declared = new Map();
  for (const name of ['it', 'fit', 'xit']) {
    const theirs = window[name];
    window[name] = (...args) => {
      const spec = theirs(...args);
      const frames = new Error().stack.split('\n').filter(line => line.includes(home));
      const place = frames.find(line => !line.includes('/reporters/browser.js')) ?? '';
      const [, file, line] = /(http:[^()\s]+):(\d+):\d+\)?$/.exec(place) ?? ['', ''];
      declared.set(spec.id, [file, Number(line)]);
      return spec;
    };
  }

  const ids = new Map();
  const seen = new Map();
  const specs = [];

  function path(file) {
    return decodeURIComponent(file.replace(`${location.origin}${home}/files`, ''));
  }

  function learn(suite, titles) {
    for (const child of suite.children) {
      const names = [...titles, child.description];
      if (child.children) learn(child, names);
      else add(child, names);
    }
  }

  function add(spec, titles) {
    const [file, line] = declared.get(spec.id) ?? ['', undefined];
    const name = JSON.stringify([path(file), ...titles]);
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    const id = count === 1 ? name : `${name}#${count}`;
    ids.set(spec.id, id);
    specs.push({id, file: path(file), titles, line: line || undefined});
  }

  const isAssertion = ({matcherName, message}) => matcherName !== '' || /^Failed(:|$)/.test(message);

  const failure = ({message, stack}) => ({message, stack: stack ?? ''});

  function verdict(status, failures) {
    if (status !== 'failed') return status === 'passed' ? 'passed' : 'skipped';
    return failures.every(isAssertion) ? 'failed' : 'error';
  }

  class Reporter {
    constructor(selection) {
      this.due = selection;
    }

    jasmineStarted({order}) {
      this.seed = order?.random ? order.seed : undefined;
      return stepwise ? ask('pause') : undefined;
    }

    specStarted({id}) {
      output = '';
      if (this.due.has(ids.get(id))) emit('start', {id: ids.get(id)});
    }

    specDone({id, status, failedExpectations, pendingReason}) {
      if (!this.due.delete(ids.get(id))) return undefined;
      emit('done', {
        id: ids.get(id),
        status: verdict(status, failedExpectations),
        message: pendingReason || REASONS[status] || '',
        failures: failedExpectations.map(failure),
        seed: this.seed,
        output: failedExpectations.length ? output : '',
      });
      return stepwise ? ask('pause') : undefined;
    }

    suiteDone({fullName, failedExpectations}) {
      for (const each of failedExpectations) emit('problem', {where: fullName, ...failure(each)});
    }

    jasmineDone({failedExpectations, incompleteReason}) {
      this.suiteDone({fullName: '', failedExpectations});
      if (incompleteReason) emit('problem', {where: '', message: incompleteReason, stack: ''});
      emit('end', {status: 0});
    }
  }

  // Files that can't be loaded, before there is a spec that could be to blame.
  const broken = [];
  const note = ({message, filename, target, error}) => broken.push({
    where: path(filename ?? target?.src ?? ''),
    message: message ?? 'The file could not be loaded.',
    stack: error?.stack ?? '',
  });
  addEventListener('error', note, true);

  addEventListener('load', async () => {
    removeEventListener('error', note, true);
    for (const each of broken) emit('problem', each);
    const env = jasmine.getEnv();
    learn(env.topSuite(), []);
    const selection = new Set(await ask('plan', {specs}));
    if (!selection.size) return emit('end', {status: 0});
    const specFilter = spec => selection.has(ids.get(spec.id));
    env.configure(stepwise ? {specFilter, random: false} : {specFilter});
    env.addReporter(new Reporter(selection));
    return env.execute();
  });
})();
