import { Failure } from '../../../src/model/failure.ts'

export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/**
 * Reads `9464`, `127.0.0.1:9464` or `[::1]:9464`. A port alone means loopback: who wants to be reached from elsewhere names the
 * address. Throws a usage `Failure`.
 */
export function parseListenAddress(text: string): ListenAddress {
  const match = /^(?:(\[[\da-f:.]{2,45}\]|[\w.-]{1,253}):)?(\d{1,5})$/i.exec(text)
  const port = Number(match?.[2] ?? Number.NaN)
  if (match === null || port > 65_535)
    throw new Failure('usage', '--listen takes an address and a port', {
      hints: ['It looks like 127.0.0.1:9464 or [::1]:9464; 0.0.0.0:9464 lets other machines ask, too.'],
    })
  return { host: (match[1] ?? '127.0.0.1').replace(/^\[|\]$/g, ''), port }
}
