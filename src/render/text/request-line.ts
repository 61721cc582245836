/** What is told of one HTTP try. */
interface Tried {
  readonly method: string
  readonly path: string
  readonly status: number | null
  readonly try: number
  readonly milliseconds: number
}

/** `GET /api/api-keys 200 (try 1, 31 ms)` */
export function requestLine({ method, path, status, try: number, milliseconds }: Tried): string {
  return `${method} ${path} ${status ?? 'no answer'} (try ${number}, ${Math.round(milliseconds)} ms)`
}
