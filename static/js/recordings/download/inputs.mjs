// The tracks as mediabunny reads them: decrypted piece by piece, never held whole.
import { CustomSource, Input, WEBM } from "mediabunny";

export function inputOf(size, read) {
  return new Input({
    formats: [WEBM],
    source: new CustomSource({ getSize: () => size, read: (start, end) => read(start, end), maxCacheSize: 8 << 20, prefetchProfile: "none" }),
  });
}
