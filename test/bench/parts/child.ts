// A child process that takes one order at a time.
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const workerOf = <Order, Result>(file: string, env: Readonly<Record<string, string>> = {}) => {
  const child: ChildProcess = fork(fileURLToPath(new URL(file, import.meta.url)), {
    env: { ...process.env, ...env },
    serialization: 'advanced', // bytes stay bytes
  });
  const ask = (order: Order): Promise<Result> =>
    new Promise((resolve, reject) => {
      const gone = () => reject(new Error(`${file} ended`));
      child.once('exit', gone);
      child.once('message', (result) => {
        child.off('exit', gone);
        resolve(result as Result);
      });
      child.send(order as object);
    });
  return { ask, close: () => child.connected && child.disconnect() };
};
