/**
 * What was asked of the shell and is not answered yet. The number of a request names the place where it is kept: with
 * several for each bundle, a map that grows and shrinks all the time would cost more than what it is for.
 */
import type { RequestId } from './input.js';

/** More than are ever under way at once. */
const places = 2 ** 16;

export class Pending<T> {
  readonly #requests: RequestId[] = [];
  readonly #values: (T | undefined)[] = [];
  readonly #free: number[] = [];

  get size(): number {
    return this.#values.length - this.#free.length;
  }

  /** `serial`: a number that no other request of this node has. Returns that of the request, which no other has either. */
  add(serial: number, value: T): RequestId {
    const place = this.#free.pop() ?? this.#values.length;
    const request = serial * places + place;
    this.#requests[place] = request;
    this.#values[place] = value;
    return request;
  }

  /** What was asked for by this request, once; undefined for one that is none of these. */
  take(request: RequestId): T | undefined {
    const place = request % places;
    if (this.#requests[place] !== request) return undefined;
    const value = this.#values[place];
    this.#requests[place] = -1;
    this.#values[place] = undefined;
    this.#free.push(place);
    return value;
  }
}
