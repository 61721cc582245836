import { createClient } from '../../src/platform/client.ts'
import { overFetch } from '../../src/platform/transport.ts'
import type { ClientOptions, PlatformClient } from '../../src/platform/types.ts'

/** A client of a platform in this process: it neither waits nor rolls dice. */
export function testClient({
  fetch,
  ...options
}: Pick<ClientOptions, 'credential' | 'userAgent' | 'now'> &
  Partial<ClientOptions> & { readonly fetch: (request: Request) => Promise<Response> }): PlatformClient {
  return createClient({
    baseUrl: 'http://localhost',
    random: () => 0,
    sleep: async () => undefined,
    transport: overFetch(fetch),
    ...options,
  })
}
