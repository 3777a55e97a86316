"""Addresses of the decisions room."""

from django.urls import path

from holdfast.desk.decisions import views

urlpatterns = [
    path("decisions/", views.mine, name="my_decisions"),
    path("decisions/delegate", views.delegate, name="delegate"),
    path("decisions/delegations/<int:delegation>/end", views.end_delegation, name="end_delegation"),
    path("decisions/policies", views.propose_policies, name="propose_policies"),
    path("cases/<str:key>/decisions", views.decisions, name="decisions"),
    path("cases/<str:key>/decisions/ask", views.ask, name="ask_decision"),
    path("cases/<str:key>/decisions/<int:number>/answer", views.answer, name="answer_decision"),
    path("cases/<str:key>/decisions/<int:number>/withdraw", views.withdraw, name="withdraw_decision"),
    path("cases/<str:key>/decisions/<int:number>/break-glass", views.break_glass, name="break_glass"),
    path("cases/<str:key>/decisions/<int:number>/review", views.review, name="review_decision"),
]
