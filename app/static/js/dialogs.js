// data-opens="id" opens that dialog; data-closes closes the one it stands in.
document.addEventListener('click', event => {
  const opener = event.target.closest('[data-opens]')
  if (opener) document.getElementById(opener.dataset.opens).showModal()
  event.target.closest('[data-closes]')?.closest('dialog').close()
})
