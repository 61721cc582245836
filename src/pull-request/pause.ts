import { type Milliseconds, second } from '../model/duration.ts'

/** How long to wait before the next try: what the answer asks for, else twice as long each time. */
export function pauseOf(response: Response, attempt: number): Milliseconds {
  const asked = Number(response.headers.get('retry-after') ?? 'none') * second
  return Number.isFinite(asked) ? asked : 2 ** attempt * second
}
