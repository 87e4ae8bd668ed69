"""The rows of this room that are kept by others' verbs, too: erasing and merging name them all."""

from __future__ import annotations

from app.catalogue.counted import BestSeller, CartRound, ProductPair
from app.catalogue.discount import DiscountCode, DiscountPool
from app.catalogue.session import Session
from app.catalogue.view import ProductView
from app.catalogue.watch import Watch

OF_PEOPLE = (ProductView, Session, Watch, CartRound, DiscountCode)
OF_PRODUCTS = (BestSeller, ProductPair, DiscountPool)
