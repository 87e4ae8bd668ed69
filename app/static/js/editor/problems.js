// The list below the code says what is wrong; its lines are marked here, and a word that was meant otherwise is replaced.
import { setDiagnostics } from '@codemirror/lint'
import { StateEffect, StateField } from '@codemirror/state'
import { Decoration, EditorView } from '@codemirror/view'

const mark = StateEffect.define()
const line = tone => Decoration.line({ class: `cm-${tone}` })

export const markedLines = StateField.define({
  create: () => Decoration.none,
  update: (marks, change) => change.effects.reduce((held, one) => (one.is(mark) ? one.value : held), marks.map(change.changes)),
  provide: field => EditorView.decorations.from(field),
})

const said = () => [...document.querySelectorAll('#problems [data-line]')].filter(one => one.dataset.where === 'message')

const placed = (view, one) => {
  const { line: number, wrong, column } = one.dataset
  const here = view.state.doc.line(Math.min(Math.max(Number(number), 1), view.state.doc.lines))
  const found = wrong ? here.text.indexOf(wrong) : -1
  const start = found >= 0 ? found : Math.max(Number(column) - 1, here.text.search(/\S|$/))
  const from = Math.min(here.from + start, here.to)
  return { from, to: found >= 0 ? from + wrong.length : here.to, line: here }
}

const diagnostic = (view, one) => ({
  ...placed(view, one),
  severity: one.classList.contains('bad') ? 'error' : 'warning',
  message: one.querySelector('.tx').textContent,
  actions: one.dataset.right ? [{ name: `Write ${one.dataset.right}`, apply: there => fix(there, one) }] : [],
})

export const showProblems = view => {
  const all = said()
  const tones = new Map()
  for (const one of all) {
    const { from } = placed(view, one).line
    if (tones.get(from) !== 'bad') tones.set(from, one.classList.contains('bad') ? 'bad' : 'warn')
  }
  const marks = [...tones].sort((a, b) => a[0] - b[0]).map(([from, tone]) => line(tone).range(from))
  view.dispatch(setDiagnostics(view.state, all.map(one => diagnostic(view, one))))
  view.dispatch({ effects: mark.of(Decoration.set(marks)) })
}

export const fix = (view, one) => {
  const { wrong, right, where } = one.dataset
  if (where !== 'message') {
    const field = document.getElementById(where)
    field.value = field.value.replace(wrong, right)
    field.dispatchEvent(new Event('input', { bubbles: true }))
    return
  }
  const { from, to } = placed(view, one)
  if (view.state.sliceDoc(from, to) === wrong) view.dispatch({ changes: { from, to, insert: right }, selection: { anchor: from + right.length }, scrollIntoView: true })
  view.focus()
}
