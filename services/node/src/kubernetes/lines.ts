/** A stream of lines, as a watch of the Kubernetes API is one. */
import type { IncomingMessage } from 'node:http';
import { ApiFault } from './api-server.js';

const newline = 0x0a;

/** Lines without their end. The stream is destroyed when the reader leaves. @throws ApiFault for a line longer than `maxBytes`, and one that is cut. */
export async function* linesOf(answer: IncomingMessage, maxBytes: number): AsyncGenerator<string, void, undefined> {
  let begun: Buffer[] = [];
  let begunBytes = 0;
  for await (const piece of answer as AsyncIterable<Buffer>) {
    let from = 0;
    for (let end = piece.indexOf(newline); end !== -1; end = piece.indexOf(newline, from)) {
      const line = Buffer.concat([...begun, piece.subarray(from, end)]);
      begun = [];
      begunBytes = 0;
      from = end + 1;
      if (line.length > maxBytes) throw tooLong(maxBytes);
      if (line.length > 0) yield line.toString();
    }
    begun.push(piece.subarray(from));
    begunBytes += piece.length - from;
    if (begunBytes > maxBytes) throw tooLong(maxBytes);
  }
  if (begunBytes > 0) throw new ApiFault(0, 'the watch ended within a line');
}

function tooLong(maxBytes: number): ApiFault {
  return new ApiFault(0, `a line of the watch has more than ${maxBytes} bytes`, 'list');
}
