import { max, sum } from 'd3-array'
import { scaleBand, scaleLinear, scaleUtc } from 'd3-scale'
import { area, curveMonotoneX, line, stack } from 'd3-shape'
import { type Children, type VNode, h } from './element.mjs'
import { isoTime } from '../text/time.ts'
import { type EventKind, eventKinds, timelineDays } from './page-data.ts'
import type { EventRow, Row } from './page-model.ts'
import { count, plural } from './page-parts.ts'

const daySeconds = 86_400
const width = 640
const height = 180
const margin = { top: 10, right: 12, bottom: 26, left: 40 }

const dayName = (at: number) => isoTime(at * 1000).slice(0, 10)

/** A chart with what it says in words; without a style of its own, since the page's policy allows none. */
function figure(title: string, words: string, legend: Children, ...children: Children[]): VNode {
  return h(
    'figure',
    null,
    h('figcaption', null, h('b', null, title), h('span', { class: 'note' }, words)),
    h(
      'svg',
      { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': `${title}: ${words}`, class: 'chart' },
      ...children,
    ),
    legend,
  )
}

type Linear = ReturnType<typeof scaleLinear<number, number>>

function leftAxis(scale: Linear): VNode {
  const ticks = scale.ticks(4).filter(tick => Number.isInteger(tick))
  return h(
    'g',
    { class: 'axis' },
    ticks.map(tick => [
      h('line', { x1: margin.left, x2: width - margin.right, y1: scale(tick), y2: scale(tick) }),
      h('text', { x: margin.left - 6, y: scale(tick) + 4, class: 'end' }, count(tick)),
    ]),
  )
}

function dayAxis(scale: (date: Date) => number, ticks: readonly Date[]): VNode {
  return h(
    'g',
    { class: 'axis' },
    ticks.map(tick =>
      h('text', { x: scale(tick), y: height - 8, class: 'middle' }, isoTime(tick.getTime()).slice(5, 10)),
    ),
  )
}

function upright(top: number): Linear {
  return scaleLinear()
    .domain([0, Math.max(1, top)])
    .nice()
    .range([height - margin.bottom, margin.top])
}

/** A tick of each week or month, which no reader's locale changes. */
function ticksBetween(from: number, to: number): readonly Date[] {
  const step = Math.max(1, Math.ceil((to - from) / daySeconds / 8)) * daySeconds
  const first = from - (from % daySeconds)
  const amount = Math.floor((to - first) / step)
  return Array.from({ length: amount }, (_, index) => new Date((first + (index + 0.5) * step) * 1000))
}

const eventWords: Readonly<Record<EventKind, string>> = {
  rotates: 'rotations',
  narrows: 'ends of grants',
  retires: 'retirements',
  expires: 'ends',
}

/** Rotations, ends and retirements of the next 90 days. */
export function timelineChart(events: readonly EventRow[], now: number): VNode {
  const start = now - (now % daySeconds)
  const days = Array.from({ length: timelineDays + 1 }, (_, index) => ({
    at: start + index * daySeconds,
    rotates: 0,
    narrows: 0,
    retires: 0,
    expires: 0,
  }))
  for (const { event } of events) {
    const found = days[Math.max(0, Math.floor((event.at - start) / daySeconds))]
    if (found !== undefined) found[event.event] += 1
  }
  const layers = stack<(typeof days)[number], EventKind>().keys([...eventKinds])(days)
  const y = upright(max(layers.at(-1) ?? [], ([, top]) => top) ?? 0)
  const x = scaleUtc()
    .domain([new Date(start * 1000), new Date((start + (timelineDays + 1) * daySeconds) * 1000)])
    .range([margin.left, width - margin.right])
  const bar = (width - margin.left - margin.right) / days.length
  const amount = (kind: EventKind) => sum(days, day => day[kind])
  const words = eventKinds.map(kind => `${count(amount(kind))} ${eventWords[kind]}`).join(', ')
  return figure(
    'The next 90 days',
    words,
    h(
      'ul',
      { class: 'legend' },
      eventKinds.map(kind => h('li', null, h('i', { class: `swatch ${kind}` }), eventWords[kind])),
    ),
    leftAxis(y),
    dayAxis(x, ticksBetween(start, start + timelineDays * daySeconds)),
    layers.map(layer =>
      h(
        'g',
        { class: layer.key },
        layer.flatMap(([low, high], index) =>
          high === low
            ? []
            : h(
                'rect',
                {
                  x: (x(new Date((days[index]?.at ?? start) * 1000)) + 0.5).toFixed(1),
                  y: y(high).toFixed(1),
                  width: Math.max(1, bar - 1).toFixed(1),
                  height: Math.max(1, y(low) - y(high)).toFixed(1),
                },
                h(
                  'title',
                  null,
                  `${dayName(days[index]?.at ?? start)}: ${count(high - low)} ${eventWords[layer.key]}`,
                ),
              ),
        ),
      ),
    ),
  )
}

const shares = ['0', '10', '20', '30', '40', '50', '60', '70', '80', '90', 'over']

/** How old secrets are, as a share of their maximum age. */
export function agesChart(rows: readonly Row[]): VNode {
  const known = rows.flatMap(({ share }) => (share === null ? [] : [share]))
  const bins = shares.map(() => 0)
  for (const share of known) {
    const index = Math.min(shares.length - 1, Math.floor(share * 10))
    bins[index] = (bins[index] ?? 0) + 1
  }
  const x = scaleBand()
    .domain(shares)
    .range([margin.left, width - margin.right])
    .padding(0.15)
  const y = upright(max(bins) ?? 0)
  const over = bins.at(-1) ?? 0
  const words = `${plural(over, 'key')} past it, ${count(known.length - over)} within, ${count(rows.length - known.length)} without a maximum`
  return figure(
    'Ages against their maximum',
    words,
    null,
    leftAxis(y),
    h(
      'g',
      { class: 'axis' },
      shares.map(name =>
        h(
          'text',
          { x: (x(name) ?? 0) + x.bandwidth() / 2, y: height - 8, class: 'middle' },
          name === 'over' ? 'past' : `${Number(name) + 10}%`,
        ),
      ),
    ),
    bins.map((amount, index) => {
      const name = shares[index] ?? ''
      const kind = name === 'over' ? 'bad' : index >= 8 ? 'warn' : 'good'
      return h(
        'rect',
        { x: x(name), y: y(amount), width: x.bandwidth(), height: y(0) - y(amount), class: kind },
        h(
          'title',
          null,
          `${name === 'over' ? 'past its maximum' : `up to ${Number(name) + 10}%`}: ${plural(amount, 'key')}`,
        ),
      )
    }),
  )
}

/** Requests over the window, of all keys that are shown. */
export function useChart(rows: readonly Row[]): VNode {
  const totals = new Map<number, number>()
  for (const {
    stack: { use },
    key,
  } of rows)
    for (const [index, amount] of (key.use ?? []).entries()) {
      const at = use.from + index * use.step
      totals.set(at, (totals.get(at) ?? 0) + amount)
    }
  const [widest] = rows.map(({ stack: { use } }) => use).sort((a, b) => a.from - b.from)
  const points =
    widest === undefined
      ? []
      : Array.from({ length: widest.steps }, (_, index) => {
          const at = widest.from + index * widest.step
          return { at, amount: totals.get(at) ?? 0 }
        })
  const y = upright(max(points, ({ amount }) => amount) ?? 0)
  const [first, last] = [points[0]?.at ?? 0, points.at(-1)?.at ?? 1]
  const x = scaleUtc()
    .domain([new Date(first * 1000), new Date(Math.max(last, first + 1) * 1000)])
    .range([margin.left + 6, width - margin.right - 6])
  const left = ({ at }: { readonly at: number }) => x(new Date(at * 1000))
  const surface = area<{ at: number; amount: number }>()
    .x(left)
    .y0(y(0))
    .y1(({ amount }) => y(amount))
    .curve(curveMonotoneX)
  const edge = line<{ at: number; amount: number }>()
    .x(left)
    .y(({ amount }) => y(amount))
    .curve(curveMonotoneX)
  const unseen = rows.filter(({ key }) => key.unseen !== undefined).length
  const step = (widest?.step ?? daySeconds) / daySeconds
  const words = `${plural(
    sum(points, ({ amount }) => amount),
    'request',
  )} by ${step === 1 ? 'day' : 'week'}; of ${plural(unseen, 'key')} the figures are missing or too short`
  return figure(
    'Use over time',
    words,
    null,
    leftAxis(y),
    points.length === 0 ? null : dayAxis(x, ticksBetween(first, last)),
    h('path', { d: surface(points) ?? '', class: 'surface' }),
    h('path', { d: edge(points) ?? '', class: 'edge' }),
  )
}
