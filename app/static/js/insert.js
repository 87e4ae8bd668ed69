// data-inserts="word" data-into="id" writes a word where the cursor stands; data-fills="id" data-text replaces all.
// Both can be undone like typing. In a field with data-indents the Tab key indents; Escape lets the next Tab leave.
const write = (field, text) => {
  field.focus()
  if (!document.execCommand('insertText', false, text)) field.setRangeText(text, field.selectionStart, field.selectionEnd, 'end')
}

document.addEventListener('click', event => {
  const button = event.target.closest('[data-inserts], [data-fills]')
  if (!button) return
  const field = document.getElementById(button.dataset.into ?? button.dataset.fills)
  if (button.dataset.inserts) return write(field, button.dataset.inserts)
  field.select()
  write(field, button.dataset.text)
})

let isLeaving = false
document.addEventListener('keydown', event => {
  if (!event.target.matches?.('[data-indents]')) return
  if (event.key === 'Tab' && !event.shiftKey && !isLeaving) {
    event.preventDefault()
    write(event.target, '  ')
  }
  isLeaving = event.key === 'Escape'
})
