import { appendFileSync } from 'node:fs'
import type { Connection } from './connection.ts'
import type { Secret } from './model/secret.ts'
import type { Issued } from './platform/types.ts'
import { type RunnerStream, findRunnerStream } from './runner-stream.ts'
import type { Stores } from './stores/open.ts'
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

/** Of a workflow command, whose data ends with the line. Source: the runner's own toolkit. */
function escaped(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function writerTo(
  stream: RunnerStream,
  outputs: { readonly stdout: Output; readonly stderr: Output },
): (line: string) => void {
  if (stream.kind === 'own') {
    return line => {
      for (const name of stream.streams) outputs[name].print(line)
    }
  }
  return line => {
    try {
      appendFileSync(stream.path, `${line}\n`)
    } catch {
      // The step is gone, and its log with it.
    }
  }
}

/** Null where no runner would understand. */
export function openMasking(
  env: NodeJS.ProcessEnv,
  outputs: { readonly stdout: Output; readonly stderr: Output },
): Masking | null {
  const stream = findRunnerStream(env)
  if (stream === null) return null
  const write = writerTo(stream, outputs)
  const known: Secret[] = []

  function mask(secret: Secret): void {
    if (known.some(other => other.equals(secret))) return
    known.push(secret)
    write(`::add-mask::${escaped(secret.reveal())}`)
  }

  async function masked(issuing: Promise<Issued>): Promise<Issued> {
    const issued = await issuing
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
          create: (key, idempotencyKey) => masked(client.create(key, idempotencyKey)),
          regenerate: (id, options) => masked(client.regenerate(id, options)),
        },
      }
    },
  }
}
