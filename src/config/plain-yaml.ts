import { trimEnd } from '../model/trim-end.ts'
import { bareMap } from './bare-map.ts'
import { resolvePlain } from './scalar.ts'

/**
 * Reads YAML as nearly everybody writes a configuration: maps and lists in blocks, one value a line, and lists and maps in brackets
 * within one line. Whatever else there is in a text (anchors, tags, text over several lines, escapes, tabs, names in quotes or
 * twice, errors of any kind), the library reads all of it. So no rule of YAML is decided here: what is taken is only
 * what can mean one thing.
 */
export interface PlainYaml {
  readonly root: Record<string, unknown>
  /** Where a name in a block of the first level begins, as of `ci` in `keys`. */
  readonly nameStart: (block: string, name: string) => number | undefined
}

/** Tabs and other kinds of line breaks, marks that nobody sees, and what YAML forbids. */
const unusual = /[^\n -~\u00a0-\u2027\u202a-\ud7ff]/
/** A name with the colon behind it. */
const property = /[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}(?=:[ \n])/y
/** What a value without quotes begins with, and no mark of YAML does. */
const beginsText = /[A-Za-z0-9_/.~+\u00a0-\ud7ff]/y
/** A value in brackets and without quotes. A colon in it stands before a letter. */
const textInBrackets = /[A-Za-z0-9_/.~+][^\n,[\]{}#:]*(?::[A-Za-z0-9_/][^\n,[\]{}#:]*)*/y
const singleQuoted = /'([^'\n]*)'/y
const doubleQuoted = /"([^"\\\n]*)"/y

const [lineFeed, space, hash, dash, comma] = [0x0a, 0x20, 0x23, 0x2d, 0x2c]
const [bracket, endBracket, brace, endBrace] = [0x5b, 0x5d, 0x7b, 0x7d]
const [single, double] = [0x27, 0x22]

/** Deeper than any configuration that is accepted. */
const deepest = 30

const isText = (item: unknown): item is string => typeof item === 'string'

/** The text is for the library. */
class NotPlain extends Error {}

/** Reads one plain document from its first line to its last. */
class PlainReader {
  readonly #text: string
  /** Where what is read next begins. */
  #at = 0
  /** How far its line is indented, where that begins with it; -1 at the end of the text. */
  #column = 0
  #depth = 0
  /** Where names begin, by the name that their block has at the first level. */
  readonly #starts = new Map<string, Map<string, number>>()
  #inBlock = new Map<string, number>()
  /** Lists of texts by how they are written: thousands of keys have a few of them, and share them. */
  readonly #lists = new Map<string, readonly unknown[]>()

  constructor(text: string) {
    this.#text = text.endsWith('\n') ? text : `${text}\n`
  }

  document(): PlainYaml {
    if (this.#text.startsWith('---\n')) this.#at = 4
    this.#toContent()
    if (this.#column !== 0) throw new NotPlain()
    const root = this.#map(0)
    if (!this.#isAtEnd()) throw new NotPlain()
    return { root, nameStart: (block, name) => this.#starts.get(block)?.get(name) }
  }

  #isAtEnd(): boolean {
    return this.#column === -1
  }

  #code(): number {
    return this.#text.charCodeAt(this.#at)
  }

  #skipSpaces(): void {
    while (this.#code() === space) this.#at += 1
  }

  /** To the next line that is neither empty nor a comment. */
  #toContent(): void {
    for (;;) {
      const start = this.#at
      this.#skipSpaces()
      const code = this.#code()
      if (code === lineFeed) this.#at += 1
      else if (code === hash) this.#toNextLine()
      else {
        this.#column = Number.isNaN(code) ? -1 : this.#at - start
        return
      }
    }
  }

  #toNextLine(): void {
    this.#at = this.#text.indexOf('\n', this.#at) + 1
  }

  /** After a value, or the colon of a name: true where nothing but a comment follows on its line, which is then over. */
  #endsLine(): boolean {
    const before = this.#at
    this.#skipSpaces()
    if (this.#code() !== lineFeed && !(this.#code() === hash && this.#at > before)) return false
    this.#toNextLine()
    this.#toContent()
    return true
  }

  #is(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at
    return pattern.test(this.#text)
  }

  /** Reads what `pattern` finds here. */
  #take(pattern: RegExp): string {
    if (!this.#is(pattern)) throw new NotPlain()
    const start = this.#at
    this.#at = pattern.lastIndex
    return this.#text.slice(start, this.#at)
  }

  #goDeeper(): void {
    this.#depth += 1
    if (this.#depth > deepest) throw new NotPlain()
  }

  #isItem(): boolean {
    return this.#code() === dash && this.#text.charCodeAt(this.#at + 1) === space
  }

  #map(indent: number): Record<string, unknown> {
    const map = bareMap()
    this.#goDeeper()
    while (this.#column === indent && !this.#isItem()) {
      const start = this.#at
      const name = this.#take(property)
      if (name in map) throw new NotPlain()
      if (this.#depth === 1) this.#starts.set(name, (this.#inBlock = new Map<string, number>()))
      if (this.#depth === 2) this.#inBlock.set(name, start)
      this.#at += 1
      map[name] = this.#valueOf(indent)
    }
    this.#depth -= 1
    if (this.#column > indent) throw new NotPlain()
    return map
  }

  /** The value of a name that is indented that far: on its line, or in the lines below. */
  #valueOf(indent: number): unknown {
    if (!this.#endsLine()) return this.#inLine()
    if (this.#column < indent || (this.#column === indent && !this.#isItem())) throw new NotPlain()
    return this.#isItem() ? this.#list(this.#column) : this.#map(this.#column)
  }

  #list(indent: number): readonly unknown[] {
    const list: unknown[] = []
    this.#goDeeper()
    while (this.#column === indent && this.#isItem()) {
      const start = this.#at
      this.#at += 1
      this.#skipSpaces()
      if (this.#is(property)) {
        this.#column += this.#at - start
        list.push(this.#map(this.#column))
      } else list.push(this.#inLine())
    }
    this.#depth -= 1
    if (this.#column > indent) throw new NotPlain()
    return this.#shared(list)
  }

  #shared(list: readonly unknown[]): readonly unknown[] {
    if (!list.every(isText)) return list
    // No list in brackets begins like this, and no text that is plain has a line feed.
    const written = `- ${list.join('\n- ')}`
    const known = this.#lists.get(written) ?? list
    this.#lists.set(written, known)
    return known
  }

  /** A value that ends with its line. */
  #inLine(): unknown {
    const code = this.#code()
    const value =
      code === bracket || code === brace || code === single || code === double
        ? this.#inBrackets()
        : this.#textOfLine()
    if (!this.#endsLine()) throw new NotPlain()
    return value
  }

  /** A value without quotes, to its line's end or a comment. */
  #textOfLine(): unknown {
    if (!this.#is(beginsText)) throw new NotPlain()
    const rest = this.#text.slice(this.#at, this.#text.indexOf('\n', this.#at))
    const comment = rest.indexOf(' #')
    const text = trimEnd(comment < 0 ? rest : rest.slice(0, comment), ' ')
    if (text.includes(': ') || text.endsWith(':')) throw new NotPlain()
    this.#at += text.length
    return resolvePlain(text)
  }

  /** A value as it may stand in brackets. */
  #inBrackets(): unknown {
    switch (this.#code()) {
      case bracket:
        return this.#flowList()
      case brace:
        return this.#flowMap()
      case single:
        return this.#take(singleQuoted).slice(1, -1)
      case double:
        return this.#take(doubleQuoted).slice(1, -1)
      default:
        return resolvePlain(trimEnd(this.#take(textInBrackets), ' '))
    }
  }

  #flowList(): readonly unknown[] {
    const end = this.#text.indexOf(']', this.#at) + 1
    const written = this.#text.slice(this.#at, end)
    const known = this.#lists.get(written)
    if (known !== undefined) {
      this.#goDeeper()
      this.#depth -= 1
      this.#at = end
      return known
    }
    const list = this.#newFlowList()
    // Otherwise its first bracket belongs to a text in it, or to a list in it.
    if (this.#at === end && list.every(isText)) this.#lists.set(written, list)
    return list
  }

  #newFlowList(): readonly unknown[] {
    const list: unknown[] = []
    if (this.#opens(endBracket))
      do list.push(this.#inBrackets())
      while (this.#goesOn(endBracket))
    this.#depth -= 1
    return list
  }

  #flowMap(): Record<string, unknown> {
    const map = bareMap()
    if (this.#opens(endBrace))
      do {
        const name = this.#take(property)
        if (name in map) throw new NotPlain()
        this.#at += 1
        this.#skipSpaces()
        map[name] = this.#inBrackets()
      } while (this.#goesOn(endBrace))
    this.#depth -= 1
    return map
  }

  /** Past an opening bracket; false where it closes at once. */
  #opens(end: number): boolean {
    this.#goDeeper()
    this.#at += 1
    this.#skipSpaces()
    if (this.#code() !== end) return true
    this.#at += 1
    return false
  }

  /** Past the comma after an item; false after the last one, whose bracket is then read. */
  #goesOn(end: number): boolean {
    this.#skipSpaces()
    const code = this.#code()
    if (code !== end && code !== comma) throw new NotPlain()
    this.#at += 1
    if (code === end) return false
    this.#skipSpaces()
    return true
  }
}

/** Null: the text is for the library. */
export function readPlainYaml(text: string): PlainYaml | null {
  if (unusual.test(text)) return null
  try {
    return new PlainReader(text).document()
  } catch (cause) {
    if (cause instanceof NotPlain) return null
    throw cause
  }
}
