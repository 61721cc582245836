export { h } from 'preact'
