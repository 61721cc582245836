import type { VNode } from './element.mjs'

export declare function renderToString(element: VNode): string
