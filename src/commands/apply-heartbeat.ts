import type { Context } from '../context.ts'
import { Failure } from '../model/failure.ts'
import { escapeControls } from '../render/text/escape.ts'
import { wrap } from '../render/text/layout.ts'

function refuse(source: string, why: string): Failure {
  return new Failure('usage', `${source} ${why}`, {
    hints: ['It looks like https://hc-ping.com/UUID: the address that the monitoring service shows.'],
  })
}

/**
 * The address to call after a complete run: the flag's, else that of the environment, never one of a file. Who knows it can keep a
 * monitor quiet, so no message shows more of it than its origin. Throws a usage `Failure`.
 */
export function heartbeatOf(asked: string | null, { env }: Pick<Context, 'env'>): URL | null {
  const variable = 'FLUXLOOP_KEYS_HEARTBEAT'
  const text = (asked ?? env[variable] ?? '').trim()
  if (text === '') return null
  const source = asked === null ? variable : '--heartbeat'
  if (!URL.canParse(text)) throw refuse(source, 'is not a URL')
  const url = new URL(text)
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw refuse(source, 'is neither an https nor an http URL')
  if (url.username !== '' || url.password !== '')
    throw refuse(source, 'has a user name or a password in it, and no credential is sent there')
  return url
}

/** Tells the service of a complete run. What was done stays done where that fails: the service itself alarms then. */
export async function beat(url: URL, context: Pick<Context, 'heartbeat' | 'stderr'>): Promise<void> {
  const trouble = await context.heartbeat(url)
  if (trouble === null) return
  const { stderr } = context
  const warning = `Warning: the heartbeat did not reach ${escapeControls(url.origin)}: ${trouble}. The run itself is complete; the service may report it as missing.`
  stderr.print(wrap(warning, stderr.width).join('\n'))
}
