import { Failure } from '../../../src/model/failure.ts'
import { second } from '../../../src/model/duration.ts'
import { childEnvironment } from '../../../src/stores/child-environment.ts'
import { runProgram } from '../../../src/stores/run-program.ts'
import type { NoticeChannel, NoticeTarget } from './channel.ts'
import type { Notice } from './notice.ts'
import { type Sending, post } from './post.ts'
import { signatureHeader, signatureOf } from './notice-signature.ts'
import { slackMessage } from './slack.ts'

type Program = Extract<NoticeTarget, { kind: 'exec' }>

/** PATH, HOME and the like, and what the operator named. Our credentials are in none of them, whatever the names say. */
function environmentFor({ variables }: Program, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const named = variables.map(name => [name, env[name]] as const)
  return { ...childEnvironment(env), ...Object.fromEntries(named.filter(([, value]) => value !== undefined)) }
}

async function runWith(target: Program, timeout: number, notice: Notice, { env }: Sending): Promise<void> {
  const { code } = await runProgram({
    line: target.line,
    timeout,
    input: `${JSON.stringify(notice)}\n`,
    env: environmentFor(target, env),
    install: 'Install it on every machine that runs a replica, or take the channel out of the fleet file.',
  })
  // What it printed is not quoted: it may be about anything.
  if (code !== 0)
    throw new Failure('failed', code === null ? 'the program was ended' : `the program ended with ${code}`)
}

/**
 * Delivers one notice. Rejects with a `Failure` that names the channel, never its address. HTTP is tried three times within the call, a
 * program once: both are tried again later by whoever calls.
 */
export async function sendNotice(channel: NoticeChannel, notice: Notice, sending: Sending): Promise<void> {
  const { target, timeout } = channel
  try {
    switch (target.kind) {
      case 'webhook': {
        const body = JSON.stringify(notice)
        const request = () => ({
          body,
          headers: { [signatureHeader]: signatureOf(body, target.secret, sending.now()) },
        })
        await post({ url: target.url, timeout, request }, sending)
        return
      }
      case 'slack': {
        const body = JSON.stringify(slackMessage(notice))
        await post({ url: target.url, timeout, request: () => ({ body, headers: {} }) }, sending)
        return
      }
      case 'exec':
        await runWith(target, timeout, notice, sending)
    }
  } catch (cause) {
    const why = cause instanceof Failure ? cause : new Failure('failed', 'internal error', { cause })
    throw new Failure(why.code, `The channel ${channel.name} did not take a notice: ${why.message}`, {
      hints: why.hints,
      cause,
    })
  }
}

/** Longer than any channel takes, with all its tries: how long a claim on a notice lasts. */
export function longestSend({ timeout }: NoticeChannel): number {
  return 3 * timeout + 10 * second
}
