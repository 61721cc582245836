import type { RequestInfo } from '../platform/types.ts'

/** One request as `--verbose` shows it. */
export function requestLine({ method, path, status, try: number, milliseconds }: RequestInfo): string {
  return `${method} ${path} ${status ?? 'no answer'} (try ${number}, ${Math.round(milliseconds)} ms)`
}
