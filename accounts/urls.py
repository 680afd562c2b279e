"""Pages of the accounts app."""

from django.urls import path

from accounts import views

app_name = "accounts"

# in and out
urlpatterns = [
    path("sign-in/", views.sign_in, name="sign_in"),
    path("sign-in/code/", views.sign_in_code, name="sign_in_code"),
    path("sign-in/code/enter/", views.sign_in_confirm, name="sign_in_confirm"),
    path("sign-in/link/<uuid:link_id>/<str:secret>/", views.sign_in_link, name="sign_in_link"),
    path("sign-up/", views.sign_up, name="sign_up"),
    path("sign-out/", views.sign_out, name="sign_out"),
    path("2fa/", views.two_factor, name="two_factor"),
    path("recover/", views.recover, name="recover"),
    path("recover/<uuid:link_id>/<str:secret>/", views.recover_set, name="recover_set"),
    path("reauthenticate/", views.reauthenticate, name="reauthenticate"),
    path("verify/", views.verify, name="verify"),
    path("welcome/", views.welcome, name="welcome"),
]

# settings/
urlpatterns += [
    path("settings/", views.settings_home, name="settings"),
    path("settings/profile/", views.settings_profile, name="settings_profile"),
    path("settings/account/", views.settings_account, name="settings_account"),
    path("settings/account/handle/", views.settings_handle, name="settings_handle"),
    path("settings/account/email/", views.settings_email, name="settings_email"),
    path("settings/account/undo/<uuid:change_id>/<str:secret>/", views.undo_email, name="undo_email"),
    path("settings/security/", views.settings_security, name="settings_security"),
    path("settings/security/password/", views.settings_password, name="settings_password"),
    path("settings/security/app/", views.settings_totp, name="settings_totp"),
    path("settings/security/app/off/", views.settings_totp_off, name="settings_totp_off"),
    path("settings/security/codes/", views.settings_recovery_codes, name="settings_recovery_codes"),
    path("settings/sessions/", views.settings_sessions, name="settings_sessions"),
    path("settings/privacy/", views.settings_privacy, name="settings_privacy"),
    path("settings/blocks/", views.settings_blocks, name="settings_blocks"),
    path("settings/export/", views.settings_export, name="settings_export"),
    path("settings/appearance/", views.settings_appearance, name="settings_appearance"),
    path("theme/", views.theme, name="theme"),
]

# what is left to suspended people, and what everybody may read
urlpatterns += [
    path("suspended/", views.suspended, name="suspended"),
    path("legal/", views.legal, name="legal"),
    path("legal/terms/", views.terms, name="terms"),
    path("legal/privacy/", views.privacy, name="privacy"),
]

# people and creators
urlpatterns += [
    path("people/<uuid:person_id>/follow/", views.follow, name="follow"),
    path("people/<uuid:person_id>/block/", views.block, name="block"),
    path("become-a-creator/", views.become_creator, name="become_creator"),
]
