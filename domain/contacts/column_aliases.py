"""How people head the columns of an address list, in the languages they write."""

EMAIL, FIRST_NAME, LAST_NAME = "email", "first_name", "last_name"

# Headers as people write them, compared without case, accents, spaces and punctuation.
HEADER_ALIASES: dict[str, tuple[str, ...]] = {
    EMAIL: (
        "email", "email address", "mail", "mail address", "e mail adresse", "mailadresse",
        "contact email", "email 1", "primary email", "work email", "subscriber email",
        "correo", "correo electrónico", "dirección de correo", "dirección de correo electrónico",
        "courriel", "adresse email", "adresse mail", "adresse électronique",
        "posta elettronica", "indirizzo email", "indirizzo di posta elettronica",
        "endereço de email", "correio eletrônico", "e-mailadres", "e-postadress", "e-post",
        "epostadresse", "e-posta", "e-posta adresi", "adres e-mail", "adres email",
        "sähköposti", "sähköpostiosoite", "emailová adresa", "e-mail cím", "adresă email",
        "почта", "электронная почта", "эл. почта", "имейл", "електронна пошта",
        "ηλεκτρονικό ταχυδρομείο", "البريد الإلكتروني", "אימייל", "דואר אלקטרוני", "ईमेल",
        "メール", "メールアドレス", "邮箱", "电子邮件", "电子邮箱", "電子郵件", "이메일",
    ),
    FIRST_NAME: (
        "first name", "firstname", "given name", "forename", "fname", "first",
        "vorname", "rufname", "prénom", "nombre", "nombre de pila", "nome", "primeiro nome",
        "voornaam", "förnamn", "fornavn", "fornamn", "imię", "etunimi", "jméno", "keresztnév",
        "prenume", "имя", "ім'я", "όνομα", "الاسم الأول", "שם פרטי", "名", "名前", "이름",
    ),
    LAST_NAME: (
        "last name", "lastname", "surname", "family name", "lname", "last",
        "nachname", "familienname", "nom", "nom de famille", "apellido", "apellidos",
        "cognome", "sobrenome", "apelido", "achternaam", "efternamn", "efternavn", "etternavn",
        "nazwisko", "sukunimi", "příjmení", "vezetéknév", "nume", "soyad", "soyad\u0131",
        "фамилия", "прізвище", "επώνυμο", "اسم العائلة", "שם משפחה", "姓", "苗字", "성",
    ),
}  # fmt: skip
