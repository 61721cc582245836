import { Failure } from '../../../src/model/failure.ts'
import { Secret } from '../../../src/model/secret.ts'
import type { CredentialReference, Fleet, Notifier } from '../file/fleet.ts'
import type { Log } from '../log/replica-log.ts'
import { type NoticeChannel, type NoticeTarget, channelName, usualTimeout } from './channel.ts'

type Resolve = (reference: CredentialReference) => Promise<Secret>

async function targetOf({ target }: Notifier, resolve: Resolve): Promise<NoticeTarget> {
  switch (target.kind) {
    case 'webhook':
      return { kind: 'webhook', url: new Secret(target.url), secret: await resolve(target.secret) }
    case 'slack':
      return { kind: 'slack', url: await resolve(target.url) }
    case 'exec':
      return { kind: 'exec', line: target.line, variables: [] }
  }
}

/** The channels of the fleet file, with their secrets. One whose secret cannot be had is left out, and the log says so. */
export async function noticeChannels(
  { notifiers }: Fleet,
  resolve: Resolve,
  log: Log,
): Promise<readonly NoticeChannel[]> {
  const channels = await Promise.all(
    notifiers.map(async (notifier): Promise<readonly NoticeChannel[]> => {
      const name = channelName(notifier.target.kind, notifier)
      const { events, owners } = notifier
      try {
        const target = await targetOf(notifier, resolve)
        return [{ name, target, timeout: usualTimeout, events, owners, findingsFrom: 'high' }]
      } catch (cause) {
        if (!(cause instanceof Failure)) throw cause
        log.warn('A channel of notices has no secret', { channel: name, problem: cause.message })
        return []
      }
    }),
  )
  return channels.flat()
}
