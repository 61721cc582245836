import { createClient } from '../../src/platform/client.ts'
import type { ClientOptions, PlatformClient } from '../../src/platform/types.ts'

/** A client of a platform in this process: it neither waits nor rolls dice. */
export function testClient(
  options: Pick<ClientOptions, 'credential' | 'fetch' | 'userAgent' | 'now'> & Partial<ClientOptions>,
): PlatformClient {
  return createClient({
    baseUrl: 'http://localhost',
    random: () => 0,
    sleep: async () => undefined,
    ...options,
  })
}
