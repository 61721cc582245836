import { $, bold, cyan, dim, green, red, yellow } from 'kleur/colors'

type Style = (text: string) => string

/** The few styles that the output uses; each is the identity where colour is off. */
export interface Palette {
  readonly bold: Style
  readonly dim: Style
  readonly red: Style
  readonly green: Style
  readonly yellow: Style
  readonly cyan: Style
}

/** kleur keeps one switch for the whole process, set once from standard output; standard error may want another. */
function always(style: Style): Style {
  return text => {
    const before = $.enabled
    $.enabled = true
    try {
      return style(text)
    } finally {
      $.enabled = before
    }
  }
}

const identity: Style = text => text

const plain: Palette = {
  bold: identity,
  dim: identity,
  red: identity,
  green: identity,
  yellow: identity,
  cyan: identity,
}

const coloured: Palette = {
  bold: always(bold),
  dim: always(dim),
  red: always(red),
  green: always(green),
  yellow: always(yellow),
  cyan: always(cyan),
}

/** The palette of one stream, whatever the process' own streams are. */
export function paletteFor(colour: boolean): Palette {
  return colour ? coloured : plain
}

/**
 * Whether a stream gets colour. In this order: `--no-color`, `NO_COLOR` (https://no-color.org: any value but the empty
 * one), `FORCE_COLOR` (https://force-color.org; `0` and `false` turn colour off, as in Node), `TERM=dumb`, and last
 * whether it is a terminal.
 */
export function wantsColour(stream: {
  readonly isTTY: boolean
  readonly env: Readonly<Record<string, string | undefined>>
  readonly noColor: boolean
}): boolean {
  const { isTTY, env, noColor } = stream
  if (noColor || isSet(env['NO_COLOR'])) return false
  const force = env['FORCE_COLOR']
  if (isSet(force)) return force !== '0' && force !== 'false'
  if (env['TERM'] === 'dumb') return false
  return isTTY
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== ''
}
