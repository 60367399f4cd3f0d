// The worker's side of worker-client.mjs: answers each call by the act of that name.
import { asTrouble } from "./trouble.mjs";

export function serve(acts) {
  self.onmessage = async ({ data: { id, act, args } }) => {
    try {
      const { result, transfer = [] } = await acts[act](args, (progress) => self.postMessage({ id, progress }));
      self.postMessage({ id, result }, transfer);
    } catch (error) {
      const { code, detail } = asTrouble(error, "unknown");
      self.postMessage({ id, trouble: { code, detail } });
    }
  };
}
