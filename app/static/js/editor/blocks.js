// Puts a whole block into the body of a mail: after the section that the cursor is in, never into the middle of one.
const placeFor = view => {
  const text = view.state.doc.toString()
  const at = view.state.selection.main.head
  const last = text.lastIndexOf('</mj-body>')
  const opened = text.lastIndexOf('<mj-section', at)
  const closed = text.lastIndexOf('</mj-section>', at - 1)
  const body = text.indexOf('<mj-body')
  if (last >= 0 && (at < body || at > last)) return view.state.doc.lineAt(last).from
  if (opened > closed) {
    const end = text.indexOf('</mj-section>', at)
    if (end >= 0) return Math.min(view.state.doc.lineAt(end).to + 1, view.state.doc.length)
  }
  return view.state.doc.lineAt(at).from
}

export const insertBlock = async (view, wanted) => {
  wanted.closest('[popover]')?.hidePopover()
  const answer = await fetch(wanted.dataset.block)
  if (!answer.ok) return
  const block = (await answer.text()).replace(/\n*$/, '\n')
  const from = placeFor(view)
  view.dispatch({ changes: { from, insert: block }, selection: { anchor: from, head: from + block.length }, scrollIntoView: true, userEvent: 'input.paste' })
  view.focus()
}
