import type { ReadStream, WriteStream } from 'node:tty'
import { isCancel, intro, multiselect, select, text } from '@clack/prompts'
import { Declined } from '../model/failure.ts'
import { breakCommandsInLines } from '../render/text/runner-commands.ts'

export interface Choice<Value extends string> {
  readonly value: Value
  readonly label: string
  /** Shown next to the choice that the cursor is on. */
  readonly hint?: string
}

/** Questions with more to them than a line. Ctrl-C and Escape reject with an `interrupted` Failure; the terminal is restored. */
export interface Prompts {
  title(text: string): void
  /** Asks again until `check` finds nothing wrong. `usual`: what an empty answer means. */
  line(
    question: string,
    check: (answer: string) => string | null,
    placeholder?: string,
    usual?: string,
  ): Promise<string>
  one<Value extends string>(question: string, choices: readonly Choice<Value>[], first: Value): Promise<Value>
  /** At least one. */
  some<Value extends string>(
    question: string,
    choices: readonly Choice<Value>[],
    ticked: readonly Value[],
  ): Promise<readonly Value[]>
}

/** What the library prints goes through `change`. */
function changed(output: WriteStream, change: (chunk: string) => string): WriteStream {
  return new Proxy(output, {
    get: (target, name) => {
      if (name === 'write') return (chunk: string) => target.write(change(chunk))
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

/** The library colours whatever it prints; this takes the colours out again, and leaves its other escapes alone. */
function withoutColour(chunk: string): string {
  return chunk.replace(/\u001b\[[\d;]*m/g, '')
}

/**
 * Lets a digit move the cursor of a menu to the choice of that number: the library knows arrows alone, and the platform's own
 * menus are answered with numbers. Returns what ends it.
 */
function moveByNumber(input: ReadStream, choices: number, start: number): () => void {
  let cursor = start
  const move = (steps: number) => (cursor = (cursor + steps + choices) % choices)
  const onKey = (typed: string | undefined, { name }: { readonly name?: string }) => {
    if (name === 'up' || name === 'left' || name === 'k' || name === 'h') move(-1)
    else if (name === 'down' || name === 'right' || name === 'j' || name === 'l') move(1)
    const number = /^[1-9]$/.test(typed ?? '') ? Number(typed) : 0
    if (number < 1 || number > choices) return
    const steps = (number - 1 - cursor + choices) % choices
    for (let step = 0; step < steps; step += 1) input.emit('keypress', undefined, { name: 'down' })
  }
  input.on('keypress', onKey)
  return () => input.off('keypress', onKey)
}

/** `cancelled` is what the Failure of a Ctrl-C says. */
export function openPrompts(
  cancelled: string,
  streams: { readonly input: ReadStream; readonly output: WriteStream; readonly colour: boolean },
): Prompts {
  const { input } = streams
  const output = changed(streams.output, chunk =>
    breakCommandsInLines(streams.colour ? chunk : withoutColour(chunk), '', false),
  )
  const answered = <Answer>(answer: Answer): Exclude<Answer, symbol> => {
    if (isCancel(answer)) throw new Declined(cancelled, 'interrupted')
    return answer as Exclude<Answer, symbol>
  }
  return {
    title: words => intro(words, { output }),
    async line(message, check, placeholder = '', usual = '') {
      const validate = (answer: string | undefined) => check(answer ?? '') ?? undefined
      return answered(await text({ message, placeholder, validate, defaultValue: usual, input, output }))
    },
    async one(message, choices, first) {
      const options = choices.map((choice, index) => ({ ...choice, label: `${index + 1}. ${choice.label}` }))
      const start = choices.findIndex(({ value }) => value === first)
      const stop = moveByNumber(input, choices.length, Math.max(0, start))
      const asked = { message, options, initialValue: first, input, output }
      const picked = answered(await select<string>(asked).finally(stop))
      return choices.find(({ value }) => value === picked)?.value ?? first
    },
    async some(message, choices, ticked) {
      const asked = { message, options: choices, initialValues: ticked, required: true, input, output }
      const picked = answered(await multiselect<string>(asked))
      return choices.map(({ value }) => value).filter(value => picked.includes(value))
    },
  }
}
