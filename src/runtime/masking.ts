import { appendFileSync } from 'node:fs'
import type { Connection } from './connection.ts'
import { Failure } from '../model/failure.ts'
import type { Secret } from '../model/secret.ts'
import { unplacedSecret } from '../platform/platform-failure.ts'
import type { Issued } from '../platform/types.ts'
import { type MaskingRunner, type RunnerStream, findMaskingRunner } from './runner-stream.ts'
import type { Stores } from '../stores/open.ts'
import type { Output } from './terminal.ts'

/** Has the CI runner hide every secret that passes, in this step's log and in those of all later steps. */
export interface Masking {
  /** From here on it does not show; at once. */
  secret(secret: Secret): void
  /** The same stores: what they give is masked before anybody has it. */
  stores(stores: Stores): Stores
  /** The same connection: what the platform issues is masked before anybody has it. */
  connection(connection: Connection): Connection
}

/** `::add-mask::`, whose data ends with the line. Source: GitHub's own toolkit, whose command GitLab took over. */
function addMask(text: string): string {
  return `::add-mask::${text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')}`
}

/** Azure's agent turns these back, and a percent sign only where a pipeline has it so: it stays as it is. */
function setSecret(text: string): string {
  const data = text
    .replaceAll(';', '%3B')
    .replaceAll('\r', '%0D')
    .replaceAll('\n', '%0A')
    .replaceAll(']', '%5D')
  return `##vso[task.setsecret]${data}`
}

const maskCommands = { github: addMask, gitlab: addMask, azure: setSecret } as const satisfies Record<
  MaskingRunner['name'],
  (text: string) => string
>

function writerTo(
  stream: RunnerStream,
  outputs: { readonly stdout: Output; readonly stderr: Output },
): (line: string) => void {
  if (stream.kind === 'own') {
    return line => {
      for (const name of stream.streams) outputs[name].command(line)
    }
  }
  return line => {
    try {
      // Whoever wrote last may have left a line open.
      appendFileSync(stream.path, `\n${line}\n`)
    } catch {
      // The step is gone, and its log with it.
    }
  }
}

function unreachable({ name }: MaskingRunner): Failure {
  const runners = { github: 'GitHub', gitlab: 'GitLab', azure: 'Azure Pipelines' } as const
  return new Failure('refused', `The runner of ${runners[name]} cannot be told to mask new secrets`, {
    hints: [
      'Standard output and standard error both lead elsewhere: to a file, another program or a terminal of its own.',
      'Let standard error reach the log of the job: take `2>`, `&>` or `2>&1` out of the command, and `exec >` out of its script.',
      'Or add --allow-unmasked, where no later step can print the secret.',
    ],
  })
}

/** Null where no runner would understand, a Failure where one would and nothing that we can write to reaches it. */
export function openMasking(
  env: NodeJS.ProcessEnv,
  outputs: { readonly stdout: Output; readonly stderr: Output },
): Masking | Failure | null {
  const runner = findMaskingRunner(env)
  if (runner === null) return null
  if (runner.stream === null) return unreachable(runner)
  const write = writerTo(runner.stream, outputs)
  const maskCommand = maskCommands[runner.name]
  const known: Secret[] = []

  function mask(secret: Secret): void {
    if (known.some(other => other.equals(secret))) return
    known.push(secret)
    write(maskCommand(secret.reveal()))
  }

  async function masked(issuing: Promise<Issued>): Promise<Issued> {
    const issued = await issuing.catch((cause: unknown) => {
      const unplaced = unplacedSecret(cause)
      if (unplaced !== null) mask(unplaced.secret)
      throw cause
    })
    if (issued.secret !== null) mask(issued.secret)
    return issued
  }

  return {
    secret: mask,
    stores: stores => ({
      ...stores,
      open: spec => {
        const store = stores.open(spec)
        return {
          ...store,
          get: async () => {
            const secret = await store.get()
            if (secret !== null) mask(secret)
            return secret
          },
        }
      },
    }),
    connection: connection => {
      const { client, credential } = connection
      // What came in the environment is the runner's to know.
      if (!credential.source.endsWith(' in the environment')) mask(credential.secret)
      return {
        ...connection,
        client: {
          ...client,
          create: (...request) => masked(client.create(...request)),
          regenerate: (id, options) => masked(client.regenerate(id, options)),
        },
      }
    },
  }
}
