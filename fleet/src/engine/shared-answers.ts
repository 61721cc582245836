import { text } from 'node:stream/consumers'
import { Readable } from 'node:stream'
import type { Milliseconds } from '../../../src/model/duration.ts'
import type { Incoming, Outgoing, Transport } from '../../../src/platform/transport.ts'

/** An answer of the platform that several runs look at. */
interface SharedAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** What one listing was answered, by path and query. It holds no secret: nobody who lists gets one. */
export type SharedAnswers = Readonly<Record<string, SharedAnswer>>

/** What the client reads of an answer; those of the rate limit are about a moment that is past. */
const keptHeaders = ['content-type', 'date', 'link'] as const

function nameOf(url: string): string {
  const { pathname, search } = new URL(url)
  return `${pathname}${search}`
}

async function bodyOf({ body }: Incoming): Promise<string> {
  return await text(Readable.from(body))
}

function replayed({ status, headers, body }: SharedAnswer): Incoming {
  return {
    status,
    header: name => headers[name.toLowerCase()] ?? null,
    body: Readable.from([Buffer.from(body)]),
  }
}

/** Notes what GET requests are answered. */
export class AnswerRecorder {
  private readonly answers: Record<string, SharedAnswer> = {}

  through(transport: Transport): Transport {
    return async outgoing => {
      const incoming = await transport(outgoing)
      if (outgoing.method !== 'GET' || incoming.status >= 500 || incoming.status === 429) return incoming
      const headers = Object.fromEntries(
        keptHeaders.flatMap(name => {
          const value = incoming.header(name)
          return value === null ? [] : [[name, value]]
        }),
      )
      const answer = { status: incoming.status, headers, body: await bodyOf(incoming) }
      this.answers[nameOf(outgoing.url)] = answer
      return { ...replayed(answer), header: incoming.header }
    }
  }

  recorded(): SharedAnswers {
    return this.answers
  }
}

/** The same answer as if it was given now: the server's clock went on since. */
function aged(answer: SharedAnswer, age: Milliseconds): SharedAnswer {
  const { date } = answer.headers
  if (date === undefined || Number.isNaN(Date.parse(date))) return answer
  const now = new Date(Date.parse(date) + age).toUTCString()
  return { ...answer, headers: { ...answer.headers, date: now } }
}

/**
 * Answers the first look of a run from a listing that was made for several, each request once. Whatever else is asked, and everything after
 * the first request that it cannot answer, goes to the platform: a second look is a look at what changed.
 */
export class AnswerReplayer {
  private readonly left: Map<string, SharedAnswer>
  private readonly age: () => Milliseconds

  /** `age`: how old the answers are now. */
  constructor(answers: SharedAnswers, age: () => Milliseconds) {
    this.left = new Map(Object.entries(answers))
    this.age = age
  }

  /** From now on everything goes to the platform: what was listed is old. */
  forget(): void {
    this.left.clear()
  }

  through(transport: Transport): Transport {
    return async (outgoing: Outgoing) => {
      const name = nameOf(outgoing.url)
      const answer = outgoing.method === 'GET' ? this.left.get(name) : undefined
      if (answer === undefined) {
        this.left.clear()
        return await transport(outgoing)
      }
      this.left.delete(name)
      return replayed(aged(answer, this.age()))
    }
  }
}
