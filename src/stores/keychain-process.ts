import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { childEnvironment } from './child-environment.ts'
import { apart, killGroup } from './process-group.ts'
import { type KeychainAnswer, type KeychainRequest, readAnswer } from './keychain-protocol.ts'

type Helper = ChildProcessByStdio<Writable, Readable, null>

export interface KeychainProcess {
  /** Never rejects: what goes wrong is a problem in the answer. Requests are answered one after the other. */
  ask(request: KeychainRequest): Promise<KeychainAnswer>
  close(): Promise<void>
}

interface Waiting {
  readonly request: KeychainRequest
  readonly resolve: (answer: KeychainAnswer) => void
}

/**
 * Our side of the keychain helper. It starts with the first request and again after it died. A request that takes longer
 * than `timeoutMs` costs the helper its life; those in line behind it would meet the same prompt, so they fail with it.
 * Secrets travel over its pipes alone, and it sees only what it needs of the environment.
 */
export function keychainProcess(deps: {
  readonly env: NodeJS.ProcessEnv
  readonly command: string
  readonly args: readonly string[]
  readonly timeoutMs: number
}): KeychainProcess {
  const line: Waiting[] = []
  let helper: Helper | null = null
  let current: { id: number; timer: NodeJS.Timeout; waiting: Waiting } | null = null
  let lastId = 0

  function start(): Helper {
    const child = spawn(deps.command, deps.args, {
      env: childEnvironment(deps.env),
      stdio: ['pipe', 'pipe', 'ignore'],
      ...apart,
    })
    child.on('error', () => gone(child))
    child.on('exit', () => gone(child))
    // A broken pipe is followed by the exit, which tells all there is to say.
    child.stdin.on('error', () => undefined)
    createInterface({ input: child.stdout }).on('line', text => heard(child, text))
    return child
  }

  function gone(child: Helper): void {
    if (child !== helper) return
    helper = null
    finish({ problem: 'crashed', detail: '' })
  }

  function heard(child: Helper, text: string): void {
    if (child !== helper || current === null) return
    const reply = readAnswer(text)
    const answersIt = reply?.id === current.id
    if (!answersIt) stop(child)
    finish(answersIt ? reply.answer : { problem: 'crashed', detail: '' })
  }

  function expired(): void {
    if (helper !== null) stop(helper)
    const behind = line.splice(0)
    finish({ problem: 'unanswered', detail: '' })
    for (const waiting of behind) waiting.resolve({ problem: 'unanswered', detail: '' })
  }

  function stop(child: Helper): void {
    if (child === helper) helper = null
    kill(child)
  }

  function finish(answer: KeychainAnswer): void {
    if (current === null) return
    clearTimeout(current.timer)
    const { waiting } = current
    current = null
    waiting.resolve(answer)
    next()
  }

  function next(): void {
    if (current !== null) return
    const waiting = line.shift()
    if (waiting === undefined) return
    lastId += 1
    current = { id: lastId, timer: setTimeout(expired, deps.timeoutMs), waiting }
    helper ??= start()
    helper.stdin.write(`${JSON.stringify({ id: lastId, ...waiting.request })}\n`)
  }

  return {
    ask(request) {
      return new Promise(resolve => {
        line.push({ request, resolve })
        next()
      })
    },
    async close() {
      const child = helper
      helper = null
      // Who asks no more waits no more: its timer would keep the whole program alive.
      line.length = 0
      finish({ problem: 'crashed', detail: '' })
      if (child === null) return
      await ended(child)
    },
  }
}

/** Asks the helper to end by closing its input; kills it where it does not within a second. */
async function ended(child: Helper): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  await new Promise<void>(resolve => {
    const timer = setTimeout(() => kill(child), 1_000)
    child.once('exit', () => {
      clearTimeout(timer)
      resolve()
    })
    child.stdin.end()
  })
}

function kill(child: Helper): void {
  child.stdin.destroy()
  child.stdout.destroy()
  killGroup(child, 'SIGKILL')
}
