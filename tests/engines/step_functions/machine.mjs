// Runs state machines with aws-local-stepfunctions: one line of JSON for each, and one for its end.
//
// {"id", "definition", "input", "functions": URL, "waits", "checked"} -> {"id", "output"} or {"id", "error", "cause"}
// {"id", "lint": DEFINITION} -> {"id", "output": what asl-validator finds}
// waits: null waits in real time; 0 doesn't wait. checked: whether the definition is validated first.
import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';
import { Agent, request } from 'node:http';

Promise.withResolvers ??= function () {
  let resolve, reject;
  const promise = new Promise((yes, no) => { resolve = yes; reject = no; });
  return { promise, resolve, reject };
};
const require = createRequire(process.argv[2] + '/');
const { StateMachine } = require('aws-local-stepfunctions');
const validator = require('asl-validator');
const agent = new Agent({ keepAlive: true, maxSockets: 64 });

class FunctionError extends Error {
  constructor(told) { super(told.errorMessage); this.name = told.errorType; }
}

function call(url, arn, given) {
  const body = Buffer.from(JSON.stringify(given));
  const path = `/2015-03-31/functions/${encodeURIComponent(arn)}/invocations`;
  return new Promise((resolve, reject) => {
    const sent = request(url + path, { method: 'POST', agent, headers: { 'Content-Length': body.length } }, (got) => {
      const parts = [];
      got.on('data', (part) => parts.push(part));
      got.on('end', () => {
        const told = JSON.parse(Buffer.concat(parts).toString('utf8'));
        if (got.headers['x-amz-function-error']) reject(new FunctionError(told)); else resolve(told);
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

function* states(machine) {
  const todo = [machine];
  while (todo.length) {
    for (const [name, state] of Object.entries(todo.pop().States)) {
      yield [name, state];
      todo.push(...(state.Branches ?? []));
      if (state.ItemProcessor) todo.push(state.ItemProcessor);
    }
  }
}

async function run({ id, definition, input, functions, waits, checked }) {
  const machine = JSON.parse(definition), tasks = {}, pauses = {}, retries = {};
  for (const [name, state] of states(machine)) {
    if (state.Type === 'Task') tasks[name] = (given) => call(functions, state.Resource, given);
    if (state.Type === 'Wait' && waits !== null) pauses[name] = waits;
    if (state.Retry && waits !== null) retries[name] = waits;
  }
  const options = { overrides: { taskResourceLocalHandlers: tasks, waitTimeOverrides: pauses, retryIntervalOverrides: retries } };
  try {
    const made = new StateMachine(machine, { validationOptions: { noValidate: !checked } });
    return { id, output: await made.run(input, options).result };
  } catch (error) {
    const inner = error.cause ?? error; // an ExecutionError has what a Fail said as its cause
    return { id, error: String(inner.name), cause: String(inner.message) };
  }
}

function lint({ id, lint }) {
  const found = validator(JSON.parse(lint), { checkPaths: true, checkArn: true });
  return { id, output: (found.errors ?? []).map((each) => `${each['Error code']} ${each.Message ?? JSON.stringify(each)}`) };
}

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  Promise.resolve(asked.lint ? lint(asked) : run(asked)).then((end) => process.stdout.write(JSON.stringify(end) + '\n'));
}
