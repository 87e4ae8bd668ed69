// How MJML looks: its tags, attributes and strings, and the fields of the product wherever they stand.
import { HighlightStyle, LRLanguage, LanguageSupport, foldNodeProp, indentService, syntaxHighlighting } from '@codemirror/language'
import { Decoration, EditorView, MatchDecorator, ViewPlugin } from '@codemirror/view'
import { tags } from '@lezer/highlight'
import { parser } from '@lezer/html'

const folds = foldNodeProp.add({
  Element: node => {
    const [first, last] = [node.firstChild, node.lastChild]
    return first?.name === 'OpenTag' && last?.name === 'CloseTag' ? { from: first.to, to: last.from } : null
  },
})

// Only the parser of HTML: the whole package would bring JavaScript and CSS along, which no mail holds.
export const mjml = new LanguageSupport(LRLanguage.define({
  name: 'mjml',
  parser: parser.configure({ dialect: 'selfClosing', props: [folds] }),
  languageData: { commentTokens: { block: { open: '<!--', close: '-->' } } },
}))

// A new line stands as the one before, and one step further in below a tag that was opened there.
export const indenting = indentService.of((context, at) => {
  const line = context.state.doc.lineAt(at)
  const before = line.text.slice(0, at - line.from)
  const own = /^\s*/.exec(line.text)[0].length
  return /<[a-z][\w-]*(\s[^<>]*)?[^/<>]?>\s*$/.test(before) && !/\/>\s*$/.test(before) ? own + context.unit : own
})

const field = Decoration.mark({ class: 'cm-field' })
const matcher = new MatchDecorator({ regexp: /\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}/g, decoration: () => field })
export const fieldMarks = ViewPlugin.fromClass(class {
  constructor(view) { this.decorations = matcher.createDeco(view) }
  update(update) { this.decorations = matcher.updateDeco(update, this.decorations) }
}, { decorations: plugin => plugin.decorations })

export const colours = syntaxHighlighting(HighlightStyle.define([
  { tag: [tags.tagName, tags.angleBracket], color: 'var(--accent-ink)' },
  { tag: tags.attributeName, color: 'var(--code-name)' },
  { tag: [tags.attributeValue, tags.string], color: 'var(--code-text)' },
  { tag: [tags.comment, tags.meta], color: 'var(--ink-3)' },
  { tag: tags.character, color: 'var(--code-text)' },
]))

export const theme = EditorView.theme({
  '&': { color: 'var(--ink)', backgroundColor: 'var(--surface)', fontSize: '12.5px', maxHeight: 'max(420px, calc(100vh - 220px))' },
  '&.cm-focused': { outline: '2px solid var(--accent)', outlineOffset: '-2px' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '20px', minHeight: '220px', overflow: 'auto' },
  '.cm-content': { padding: '8px 0', caretColor: 'var(--ink)' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '.cm-gutters': { backgroundColor: 'var(--surface)', color: 'var(--ink-3)', border: '0' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'var(--hover)' },
  '.cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground': { backgroundColor: 'color-mix(in oklab, var(--accent) 22%, transparent)' },
  '.cm-selectionMatch': { backgroundColor: 'var(--accent-soft)' },
  '.cm-matchingBracket, &.cm-focused .cm-matchingBracket': { backgroundColor: 'var(--accent-soft)', color: 'inherit' },
  '.cm-field, .cm-field span': { color: 'var(--code-field)' },
  '.cm-line.cm-bad': { backgroundColor: 'var(--bad-soft)', boxShadow: 'inset 2px 0 var(--bad)' },
  '.cm-line.cm-warn': { backgroundColor: 'var(--warn-soft)', boxShadow: 'inset 2px 0 var(--warn)' },
  '.cm-tooltip': { backgroundColor: 'var(--surface)', color: 'var(--ink)', border: '1px solid var(--line-strong)', borderRadius: '8px', boxShadow: 'var(--float)' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--mono)', fontSize: '12px', maxHeight: '240px' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '3px 10px', display: 'flex', gap: '16px' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { backgroundColor: 'var(--accent-soft)', color: 'var(--accent-ink)' },
  '.cm-completionMatchedText': { textDecoration: 'none', fontWeight: '700' },
  '.cm-completionDetail': { marginLeft: 'auto', fontStyle: 'normal', color: 'var(--ink-2)' },
  '.cm-panels': { backgroundColor: 'var(--sunken)', color: 'var(--ink)', borderColor: 'var(--line)' },
  '.cm-textfield, .cm-button': { backgroundColor: 'var(--surface)', backgroundImage: 'none', color: 'var(--ink)', border: '1px solid var(--line-strong)', borderRadius: '6px' },
  '.cm-foldPlaceholder': { backgroundColor: 'var(--sunken)', border: '1px solid var(--line)', color: 'var(--ink-2)' },
  '.cm-diagnosticText': { fontFamily: 'var(--tblr-font-sans-serif)', fontSize: '13px' },
})
