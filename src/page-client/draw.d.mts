import type { VNode } from '../render/page/element.mjs'

/** Takes over what a file already shows. */
export declare function hydrate(view: VNode, place: Element): void

/** Draws what differs from before. */
export declare function render(view: VNode, place: Element): void
