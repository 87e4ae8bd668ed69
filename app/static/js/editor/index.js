// The code of a template: the textarea stays what is sent; this draws it in colour, completes it and marks what is wrong.
// It lives in a shadow root, because there CodeMirror may keep its styles under our policy: no inline style is needed.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands'
import { bracketMatching, foldGutter, foldKeymap, indentUnit } from '@codemirror/language'
import { lintGutter, lintKeymap } from '@codemirror/lint'
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search'
import { EditorState } from '@codemirror/state'
import { EditorView, drawSelection, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from '@codemirror/view'
import { insertBlock } from './blocks.js'
import { completing } from './completing.js'
import { colours, fieldMarks, indenting, mjml, theme } from './language.js'
import { fix, markedLines, showProblems } from './problems.js'

const start = async box => {
  const text = box.querySelector('textarea')
  const isPlain = box.dataset.code === 'text'
  const tell = view => {
    text.value = view.state.doc.toString()
    text.dispatchEvent(new Event('input', { bubbles: true }))
  }
  const words = fetch(box.dataset.vocabulary).then(answer => answer.json()).catch(() => null)
  const extensions = [
    history(), drawSelection(), bracketMatching(), closeBrackets(), highlightSelectionMatches(), EditorView.lineWrapping,
    indentUnit.of('  '), fieldMarks, theme, colours, markedLines,
    isPlain ? [] : [lineNumbers(), foldGutter(), highlightActiveLine(), highlightActiveLineGutter(), lintGutter(), mjml, indenting],
    autocompletion({ override: [completing(words, isPlain)], icons: false, maxRenderedOptions: 60 }),
    keymap.of([...closeBracketsKeymap, ...completionKeymap, ...searchKeymap, ...historyKeymap, ...foldKeymap, ...lintKeymap, ...defaultKeymap, ...(isPlain ? [] : [indentWithTab])]),
    EditorView.contentAttributes.of({ 'aria-label': box.dataset.label, spellcheck: 'false', tabindex: '0' }),
    EditorState.readOnly.of(text.readOnly),
    EditorView.updateListener.of(update => { if (update.docChanged) tell(update.view) }),
  ]
  const host = document.createElement('div')
  host.className = 'code-host'
  const root = host.attachShadow({ mode: 'open' })
  text.after(host)
  text.hidden = true
  const view = new EditorView({ state: EditorState.create({ doc: text.value, extensions }), parent: root, root })
  box.editor = view
  showProblems(view)
  document.addEventListener('htmx:load', event => {
    if (event.target.id === 'problems' || event.target.querySelector?.('#problems')) showProblems(view)
  })
  document.addEventListener('click', event => {
    const wanted = event.target.closest('[data-block]')
    if (wanted) insertBlock(view, wanted)
    const goes = event.target.closest('[data-goes-to]')
    if (goes) {
      event.preventDefault()
      const line = view.state.doc.line(Math.min(Number(goes.dataset.goesTo), view.state.doc.lines))
      view.dispatch({ selection: { anchor: line.from }, effects: EditorView.scrollIntoView(line.from, { y: 'center' }) })
      view.focus()
    }
    const mends = event.target.closest('[data-fix]')
    if (mends) fix(view, mends.closest('li'))
  })
}

document.querySelectorAll('[data-code]').forEach(start)
