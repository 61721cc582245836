import {
  type ASTNode,
  Environment,
  EvaluationError,
  ParseError,
  type ParseResult,
  TypeError as CelTypeError,
} from '@marcbachmann/cel-js'
import type { OwnRule } from '../../model/audit-policy.ts'
import type { RuleNeeds } from '../../model/audit-rule.ts'
import type { CompiledRule } from '../../model/own-rule.ts'
import { readFacts } from './cases.ts'
import { calledBy, loops, partsOf, stepsOf } from './effort.ts'
import { type FactGroup, celTypes, factsOf, fields, fieldsOf } from './rule-fields.ts'
import { functions } from './functions.ts'

/** What is wrong with an expression, and where in it: UTF-16 offsets, the end not included. */
export interface ExpressionProblem {
  readonly message: string
  readonly hint: string
  readonly start: number
  readonly end: number
}

export type Compiled =
  | {
      readonly ok: true
      readonly rule: CompiledRule
      readonly run: (facts: Readonly<Record<string, unknown>>) => ReturnType<CompiledRule['evaluate']>
    }
  | { readonly ok: false; readonly problem: ExpressionProblem }

const groups = Object.keys(fields) as readonly FactGroup[]

const maximumLoops = 2
/** Of the slowest kind, which are errors that the expression itself catches, they take about a second; others a tenth of it. */
const maximumSteps = 1_000_000
/** Of all rules for all keys: some seconds, where ordinary rules for 10,000 keys take a tenth of it. */
const maximumOfAll = 20_000_000
const tooMuch = `it would take more than ${maximumSteps.toLocaleString('en')} steps`

function environment(): Environment {
  const made = new Environment({ limits: { maxAstNodes: 500, maxDepth: 30, maxListElements: 200 } })
  for (const group of groups) {
    const schema = Object.fromEntries([...fieldsOf(group)].map(([name, { type }]) => [name, celTypes[type]]))
    made.registerVariable(group, { schema })
  }
  return made.registerVariable('now', 'google.protobuf.Timestamp')
}

let shared: Environment | null = null

const at = ({ start, end }: { readonly start: number; readonly end: number }) => ({ start, end })

/** What may not stand in an expression although the language has it; null where there is none of it. */
function forbidden(node: ASTNode, around = 0): ExpressionProblem | null {
  const name = calledBy(node)
  if (name !== null && !functions.has(name) && !loops.includes(name))
    return {
      ...at(node.range),
      message: `\`${name}\` is not offered`,
      hint: `There are ${[...functions.keys(), ...loops].sort().join(', ')}.`,
    }
  const inside = around + (name !== null && loops.includes(name) ? 1 : 0)
  if (inside > maximumLoops)
    return {
      ...at(node.range),
      message: 'More than two loops stand one in the other',
      hint: 'Write two rules.',
    }
  for (const child of partsOf(node)) {
    const problem = forbidden(child, inside)
    if (problem !== null) return problem
  }
  return null
}

function namesIn(node: ASTNode): ReadonlySet<string> {
  const own = node.op === 'id' ? [node.args] : []
  return new Set([...own, ...partsOf(node).flatMap(child => [...namesIn(child)])])
}

const known = `Known: ${groups.map(group => `${group}.{${[...fieldsOf(group).keys()].join(', ')}}`).join('; ')}; now.`

function problemOf(error: unknown, when: string): ExpressionProblem {
  const whole = { start: 0, end: when.length }
  if (!(error instanceof ParseError || error instanceof CelTypeError || error instanceof EvaluationError))
    return { ...whole, message: 'The expression cannot be read', hint: known }
  const unknown = error.code === 'no_such_key' || error.code === 'unknown_variable'
  return {
    ...(error.range ?? whole),
    message: error.summary,
    hint: unknown ? known : 'docs/policy.md shows what expressions look like.',
  }
}

function needsOf(names: ReadonlySet<string>): RuleNeeds {
  return names.has('usage') ? 'usage' : names.has('key') ? 'live' : 'declaration'
}

const factsByKey = new WeakMap<object, Readonly<Record<string, unknown>>>()

/** Every rule asks for the same facts of a key. */
function remembered(of: object, make: () => Readonly<Record<string, unknown>>) {
  const facts = factsByKey.get(of) ?? make()
  factsByKey.set(of, facts)
  return facts
}

const usualFacts = readFacts({ desired: {}, key: {}, usage: {}, now: null }).facts

/** What the rules of one policy may still take, together. */
interface Budget {
  steps: number
}

function evaluator(parsed: ParseResult, budget: Budget) {
  return (facts: Readonly<Record<string, unknown>>): ReturnType<CompiledRule['evaluate']> => {
    const steps = stepsOf(parsed.ast, facts)
    if (steps > maximumSteps) return { error: tooMuch }
    budget.steps -= steps
    if (budget.steps < 0)
      return {
        error: `with all other rules and keys it would take more than ${maximumOfAll.toLocaleString('en')} steps`,
      }
    try {
      const finds: unknown = parsed(facts)
      return typeof finds === 'boolean' ? { finds } : { error: 'it is neither true nor false' }
    } catch (error) {
      return { error: error instanceof EvaluationError ? error.summary : 'it cannot be worked out' }
    }
  }
}

/** Makes a rule of an expression, or says what is wrong with it. It is bounded in size, and in the loops that it may have. */
export function compileOwnRule(rule: OwnRule, budget: Budget = { steps: maximumOfAll }): Compiled {
  shared ??= environment()
  try {
    const parsed = shared.parse(rule.when)
    const problem = forbidden(parsed.ast)
    if (problem !== null) return { ok: false, problem }
    const checked = parsed.check()
    if (!checked.valid) return { ok: false, problem: problemOf(checked.error, rule.when) }
    if (checked.type !== 'bool' && checked.type !== 'dyn')
      return {
        ok: false,
        problem: {
          start: 0,
          end: rule.when.length,
          message: `The expression gives ${checked.type ?? 'something else'}, and has to be true or false`,
          hint: 'Compare it with something: desired.lifetimeDays > 90.',
        },
      }
    if (stepsOf(parsed.ast, usualFacts) > maximumSteps)
      return {
        ok: false,
        problem: {
          start: 0,
          end: rule.when.length,
          message: `For an ordinary key ${tooMuch}`,
          hint: 'Shorten its texts and lists, or write two rules.',
        },
      }
    const needs = needsOf(namesIn(parsed.ast))
    const run = evaluator(parsed, budget)
    const evaluate: CompiledRule['evaluate'] = ({ desired, key, usage, now }) =>
      run({
        desired: remembered(desired, () => factsOf(fields.desired, desired)),
        ...(key === null ? {} : { key: remembered(key, () => factsOf(fields.key, key)) }),
        ...(usage === null ? {} : { usage: factsOf(fields.usage, usage) }),
        now: new Date(now),
      })
    return { ok: true, run, rule: { rule, needs, evaluate } }
  } catch (error) {
    return { ok: false, problem: problemOf(error, rule.when) }
  }
}

/** Of a configuration that was loaded, so that every expression is valid. */
export function compileOwnRules(rules: readonly OwnRule[]): readonly CompiledRule[] {
  const budget = { steps: maximumOfAll }
  return rules.flatMap(rule => {
    const compiled = compileOwnRule(rule, budget)
    return compiled.ok ? [compiled.rule] : []
  })
}
