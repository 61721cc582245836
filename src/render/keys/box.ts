import type { Palette } from '../text/palette.ts'
import { escapeControls } from '../text/escape.ts'
import { displayWidth, pad, pieces, wrap } from '../text/layout.ts'

interface BoxOptions {
  /** Of the terminal, in columns. */
  readonly width: number
  readonly palette: Palette
}

/** A line of a box: text without controls, and what to paint it with. */
export interface BoxLine {
  readonly text: string
  readonly paint?: (text: string) => string
}

/** Columns between a side and the text. */
const padding = 2
const frame = 2 * (padding + 1)
/** On a narrower terminal a box is wider than it: a letter or two in a line help nobody. */
const leastRoom = 8
const hanging = '  '

/** The lines as they fit: broken at spaces, and a word that is too long wherever it ends. Nothing is left out. */
function fitted({ text, paint = plain => plain }: BoxLine, room: number): readonly string[] {
  const words = text.split(' ').flatMap(word => pieces(word, room - hanging.length))
  return wrap(words.join(' '), room, '', hanging).map(line => (line === '' ? '' : paint(line)))
}

function framed(lines: readonly string[], columns: number, { palette }: BoxOptions): string {
  const side = palette.dim('│')
  const space = ' '.repeat(padding)
  const rule = '─'.repeat(columns + 2 * padding)
  return [
    palette.dim(`┌${rule}┐`),
    ...lines.map(line => `${side}${space}${pad(line, columns)}${space}${side}`),
    palette.dim(`└${rule}┘`),
  ].join('\n')
}

function widest(lines: readonly string[]): number {
  return lines.reduce((most, line) => Math.max(most, displayWidth(line)), 0)
}

/** Boxes of one width: that of the widest line of them all, and never wider than the terminal. */
export function boxes(cards: readonly (readonly BoxLine[])[], options: BoxOptions): readonly string[] {
  const room = Math.max(leastRoom, options.width - frame)
  const drawn = cards.map(lines => lines.flatMap(line => fitted(line, room)))
  const columns = Math.max(0, ...drawn.map(widest))
  return drawn.map(lines => framed(lines, columns, options))
}

/**
 * The box that shows a secret the one time it can be seen. The secret stands whole on a line of its own, so that it can be
 * copied: where the terminal is narrower than that, rules stand in for the box.
 */
export function secretBox(secretText: string, options: BoxOptions): string {
  const { palette } = options
  const secret = escapeControls(secretText)
  const lines = [
    '',
    palette.bold(secret),
    '',
    palette.yellow('⚠️ Save this key now!'),
    "You won't be able to see it again.",
    '',
  ]
  const columns = widest(lines)
  if (columns + frame <= options.width) return framed(lines, columns, options)
  const rule = palette.dim('─'.repeat(Math.max(1, options.width)))
  return [rule, ...lines, rule].join('\n')
}
