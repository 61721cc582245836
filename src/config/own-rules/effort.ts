import type { ASTNode } from '@marcbachmann/cel-js'
import {
  type Effort,
  type Size,
  asItIs,
  functions,
  larger,
  largest,
  look,
  single,
  stepsThrough,
} from './functions.ts'

type Facts = Readonly<Record<string, unknown>>

/** What loops go through, by the names that they give to it. */
type Names = ReadonlyMap<string, Size>

interface Estimate {
  readonly steps: number
  readonly size: Size
}

/** Loops over lists and maps: `list.all(each, condition)`. */
export const loops: readonly string[] = ['all', 'exists', 'exists_one', 'filter', 'map']

const list: Effort = {
  steps: parts => 1 + parts.length,
  makes: parts => ({ length: parts.length, of: largest(parts) }),
}
const entry: Effort = { steps: look.steps, makes: ([whole]) => whole?.of ?? single }

/** Where an operator is not here, it looks at what it is given, and makes one value of it. */
const operators: Partial<Readonly<Record<ASTNode['op'], Effort>>> = {
  list,
  map: list,
  '.': entry,
  '[]': entry,
  '?:': { steps: look.steps, makes: largest },
  '+': {
    steps: look.steps,
    makes: ([left = single, right = single]) => ({
      ...larger(left, right),
      length: left.length + right.length,
    }),
  },
  in: {
    steps: ([value = single, whole = single]) => 1 + whole.length * (1 + stepsThrough(value)),
    makes: () => single,
  },
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value
}

/** What an expression is made of; of a method's call, what it is called on comes first. */
export function partsOf(node: ASTNode): readonly ASTNode[] {
  const known = parts.get(node)
  if (known !== undefined) return known
  const { args } = node
  const all: unknown[] = Array.isArray(args) ? args.flat(2) : [args]
  const found = all.filter(isNode)
  parts.set(node, found)
  return found
}

/** An expression is looked through for every key. */
const parts = new WeakMap<ASTNode, readonly ASTNode[]>()

/** The function that is called; null where none is. */
export function calledBy(node: ASTNode): string | null {
  return node.op === 'rcall' || node.op === 'call' ? node.args[0] : null
}

function sizeOf(value: unknown): Size {
  if (typeof value === 'string' || value instanceof Uint8Array) return { length: value.length, of: null }
  if (value instanceof Map) return sizeOf([...value.keys()])
  if (Array.isArray(value)) return { length: value.length, of: largest(value.map(sizeOf)) }
  if (typeof value !== 'object' || value === null || value instanceof Date) return single
  return sizeOf(Object.values(value))
}

/** The fact that `group.name` says; undefined where the node is none. */
function factAt(node: ASTNode, names: Names, facts: Facts): unknown {
  if (node.op !== '.') return undefined
  const [{ op, args: group }, name] = node.args
  if (op !== 'id' || names.has(group)) return undefined
  return (facts[group] as Facts | undefined)?.[name]
}

/** How many steps an expression takes with these facts at most: as if every branch were taken, and no loop ended early. */
export function stepsOf(expression: ASTNode, facts: Facts): number {
  const estimate = (node: ASTNode, names: Names): Estimate => {
    if (node.op === 'value') return { steps: 1, size: sizeOf(node.args) }
    if (node.op === 'id') return { steps: 1, size: names.get(node.args) ?? sizeOf(facts[node.args]) }
    const fact = factAt(node, names, facts)
    if (fact !== undefined) return { steps: 1, size: sizeOf(fact) }
    const called = calledBy(node)
    if (called !== null && loops.includes(called)) return loop(called, partsOf(node), names)
    const { steps, makes } =
      called === null ? (operators[node.op] ?? look) : (functions.get(called) ?? asItIs)
    const parts = partsOf(node).map(part => estimate(part, names))
    const sizes = parts.map(({ size }) => size)
    return { steps: parts.reduce((sum, part) => sum + part.steps, steps(sizes)), size: makes(sizes) }
  }
  const loop = (kind: string, [over, name, ...body]: readonly ASTNode[], names: Names): Estimate => {
    if (over?.op === undefined || name?.op !== 'id') return { steps: Infinity, size: single }
    const { steps: before, size } = estimate(over, names)
    const inside = new Map([...names, [name.args, size.of ?? single]])
    const each = body.map(part => estimate(part, inside))
    const steps = before + size.length * each.reduce((sum, part) => sum + part.steps, 1)
    if (kind === 'filter') return { steps, size }
    if (kind !== 'map') return { steps, size: single }
    return { steps, size: { length: size.length, of: each.at(-1)?.size ?? single } }
  }
  return estimate(expression, new Map()).steps
}
